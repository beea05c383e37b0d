export * from "./catalog";
export * from "./colours";
export * from "./graphTable";
export * from "./view";
export * from "./viewDifference";
export * from "./viewGrid";
export * from "./viewPlane";
export * from "./viewValues";
