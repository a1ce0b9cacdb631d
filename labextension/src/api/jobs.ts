import type { Client } from './client';
import type { Job, Listing, NewImport } from './models';

/** Jobs: start, list, cancel. */
export class JobsApi {
  constructor(private readonly client: Client) {}

  async list(limit: number): Promise<Job[]> {
    return (await this.client.get<Listing<Job>>(['jobs'], { query: { limit } })).items;
  }

  start(request: NewImport): Promise<Job> {
    return this.client.post(['jobs'], request);
  }

  cancel(id: string): Promise<Job> {
    return this.client.post(['jobs', id, 'cancel']);
  }
}
