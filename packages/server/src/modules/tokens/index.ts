export { Credentials } from "./credentials.js";
export { createRootToken, type RootToken } from "./root-token.js";
export { TokenUse } from "./token-use.js";
export { createTokens, type Tokens } from "./tokens.service.js";
