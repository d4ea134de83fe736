import { Controller, Get, Inject, Module, type DynamicModule } from '@nestjs/common';
import { legacyStats } from '@vectorizer/contracts';
import {
  createServiceApp,
  ServiceModule,
  type AppOptions,
  type Guard,
  type ServiceApp,
  type ServiceOptions,
} from '@vectorizer/frame';
import { OwnReplication, type OwnStats, type OwnStatus } from './own-replication.ts';

/** What an index node says of itself. Of the cluster as a whole the gateway tells. */
@Controller()
export class OwnReplicationController {
  readonly #own: OwnReplication;

  constructor(@Inject(OwnReplication) own: OwnReplication) {
    this.#own = own;
  }

  @Get('api/v1/replication/status')
  async status(): Promise<OwnStatus> {
    return this.#own.status();
  }

  @Get('api/v1/replication/stats')
  async stats(): Promise<OwnStats> {
    return (await this.#own.status()).stats;
  }

  /** For clients of before there were versions: times as seconds since the epoch. */
  @Get('replication/status')
  async legacyStatus(): Promise<object> {
    const status = await this.#own.status();
    return { ...status, role: 'Replica', stats: legacyStats(status.stats) };
  }

  @Get('replication/stats')
  async legacyStats(): Promise<object> {
    return legacyStats((await this.#own.status()).stats);
  }
}

@Module({})
class IndexModule {
  static with(service: ServiceOptions, own: OwnReplication): DynamicModule {
    return {
      module: IndexModule,
      imports: [ServiceModule.with(service)],
      controllers: [OwnReplicationController],
      providers: [{ provide: OwnReplication, useValue: own }],
    };
  }
}

export type IndexAppOptions = Omit<AppOptions, 'access'> & {
  readonly replication: OwnReplication;
  readonly access: { readonly guard: Guard };
};

/** The index node's own HTTP side: health, metrics, and how its replicas are. */
export async function createIndexApp(options: IndexAppOptions): Promise<ServiceApp> {
  const { host, port, https, logger, replication, access } = options;
  const module = IndexModule.with(options, replication);
  return createServiceApp({ module, host, port, logger, guard: access.guard, ...(https && { https }) });
}
