export * from "./catalog";
export * from "./colours";
export * from "./graphTable";
export * from "./view";
