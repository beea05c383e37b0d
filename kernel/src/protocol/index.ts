export * from "./catalog";
export * from "./view";
