export { installKernelspec, kernelspec, uninstallKernelspec } from "./install/kernelspec";
export { KERNEL_VERSION } from "./kernelInfo";
export { launch } from "./launch";
