import { binding } from "../binding";
import * as classes from "./errors";

export * from "./errors";

// From here on, errors that C++ throws are instances of these classes.
binding.setErrorClasses({ ...classes });
