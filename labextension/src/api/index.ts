import type { ServerConnection } from '@jupyterlab/services';

import { Client } from './client';
import { DatasetsApi } from './datasets';
import { JobsApi } from './jobs';
import { VersionsApi } from './versions';

/** The server extension, one part a feature. */
export class Api {
  private readonly client: Client;
  readonly datasets: DatasetsApi;
  readonly versions: VersionsApi;
  readonly jobs: JobsApi;

  constructor(settings?: ServerConnection.ISettings) {
    this.client = new Client(settings);
    this.datasets = new DatasetsApi(this.client);
    this.versions = new VersionsApi(this.client);
    this.jobs = new JobsApi(this.client);
  }

  /** The version of the server's half. */
  async version(): Promise<string> {
    return (await this.client.get<{ version: string }>(['version'])).version;
  }
}

export { ApiError, asApiError } from './errors';
export type * from './models';
