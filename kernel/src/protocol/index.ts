export * from "./catalog";
export * from "./colours";
export * from "./view";
