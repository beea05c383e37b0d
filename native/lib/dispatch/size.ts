/** A size that is not fixed while a model is captured; the tracer's class implements it. */
export interface SymInt {
  readonly isSymInt: true;
  valueOf(): number;
}

/** What an operator takes as a size: outside of a capture always a plain number. */
export type Size = number | SymInt;
