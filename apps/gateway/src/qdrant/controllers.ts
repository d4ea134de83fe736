import { QdrantAliasesController } from './aliases-controller.ts';
import { QdrantCollectionsController } from './collections-controller.ts';
import { QdrantIndexesController } from './indexes-controller.ts';
import { NotServedByQdrantController } from './not-served-controller.ts';
import { QdrantPointsController } from './points-controller.ts';
import { QdrantReadsController } from './reads-controller.ts';
import { QdrantSearchController } from './search-controller.ts';
import { QdrantSnapshotsController } from './snapshots-controller.ts';
import { QdrantSystemController } from './system-controller.ts';

/** The interface that Qdrant's clients speak: a translation to and from what our own controllers do. */
export const qdrantControllers = [
  QdrantSystemController,
  QdrantCollectionsController,
  QdrantAliasesController,
  QdrantIndexesController,
  QdrantSnapshotsController,
  QdrantPointsController,
  QdrantReadsController,
  QdrantSearchController,
  NotServedByQdrantController,
];
