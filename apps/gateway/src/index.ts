export { edgeSettingsOf } from './config.ts';
export { createGatewayApp, type GatewayAppOptions } from './gateway-app.ts';
export { GatewayModule, type GatewayParts } from './gateway-module.ts';
export { openApiDocument } from './openapi/document.ts';
