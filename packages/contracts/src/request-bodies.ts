import type { z } from 'zod';
import { KeyRate, NewKeyBody, Rate, RotateKeyBody } from './api-key.ts';
import { RestoreBody } from './backup.ts';
import { Hnsw } from './collection.ts';
import { Clauses, Condition, conditions, Filter } from './filter.ts';
import * as http from './http-bodies.ts';
import { LogLevelChange } from './log-level.ts';
import { PointId } from './names.ts';
import { PayloadText } from './payload.ts';
import { RoleBody } from './permissions.ts';
import { NewCollection } from './procedures.ts';
import { Quantization, SearchQuantization } from './quantization.ts';
import { Vector } from './vector.ts';

/** Everything that the gateway takes as a body, and what that is made of, by the names that docs/openapi.json has for it. */
export const requestBodies = {
  NewCollection,
  HnswSettings: Hnsw,
  QuantizationSettings: Quantization,
  CollectionChange: http.CollectionChangeBody,
  AliasTarget: http.AliasBody,
  PayloadIndexDeclaration: http.PayloadIndexBody,
  PointId,
  Vector,
  Payload: PayloadText,
  NewPoint: http.PointBody,
  InsertedPoint: http.InsertBody,
  UpsertBatch: http.UpsertBatchBody,
  InsertBatch: http.InsertBatchBody,
  BatchOperation: http.BatchOperation,
  MixedBatch: http.MixedBatchBody,
  DeleteByIds: http.DeleteByIds,
  DeleteByFilter: http.DeleteByFilter,
  Delete: http.DeleteBody,
  PointUpdate: http.UpdateBody,
  PayloadPatch: http.PatchBody,
  Search: http.SearchBody,
  SearchOfBatch: http.SearchOfBatch,
  SearchBatch: http.SearchBatchBody,
  SearchMany: http.SearchManyBody,
  Recommend: http.RecommendBody,
  Example: http.Example,
  SearchQuantization,
  GetPoints: http.GetBody,
  ScrollPoints: http.ScrollBody,
  CountPoints: http.CountBody,
  FollowChanges: http.ChangesBody,
  Near: http.Near,
  Filter,
  FilterClauses: Clauses,
  Condition,
  MatchCondition: conditions.match,
  RangeCondition: conditions.range,
  ExistsCondition: conditions.exists,
  IsNullCondition: conditions.is_null,
  ValuesCountCondition: conditions.values_count,
  GeoBoxCondition: conditions.geo_box,
  GeoRadiusCondition: conditions.geo_radius,
  HasIdCondition: conditions.has_id,
  RestoreRequest: RestoreBody,
  NewKey: NewKeyBody,
  KeyRate,
  Rate,
  KeyRotation: RotateKeyBody,
  RolePermissions: RoleBody,
  LogLevelChange,
} satisfies Record<string, z.ZodType>;
export type RequestBodyName = keyof typeof requestBodies;
