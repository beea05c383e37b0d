export { type TokenProbability, TopTokens, type TopTokensOptions, topTokens } from "./topTokens";
