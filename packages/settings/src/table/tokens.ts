import { z } from 'zod';
import { services, setting } from '../setting.ts';
import { map, text } from '../value-type.ts';

const SECURE_OR_LOOPBACK = /^(https:\/\/\S+|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])([:/]\S*)?)$/;
const every = { services } as const;

/** Of the issuer whose tokens are taken. */
export const tokens = {
  jwt_issuer: setting({
    ...every,
    type: text("the `iss` of the issuer's tokens"),
    about: 'whose [tokens](SECURITY.md#tokens-of-an-issuer) are taken; with it audience and keys are needed',
  }),
  jwt_audience: setting({
    ...every,
    type: text('the `aud` of tokens that are for this cluster'),
    about: 'for whom they are',
  }),
  jwt_jwks_url: setting({
    ...every,
    type: text('an https address, or an http one on this machine', SECURE_OR_LOOPBACK),
    about: "where the issuer's keys are",
  }),
  jwt_roles_claim: setting({
    ...every,
    type: text('the name of a claim'),
    default: 'roles',
    about: 'the claim that says which roles a token has',
  }),
  jwt_role_map: setting({
    ...every,
    type: map('names of roles by what the claim says', z.record(z.string(), z.string())),
    about: 'unset, the claim holds the names of roles',
  }),
  jwt_collections_claim: setting({
    ...every,
    type: text('the name of a claim'),
    about: 'the claim that says which collections a token is for; unset, all',
  }),
};
