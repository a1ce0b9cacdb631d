import type { Client } from './client';
import type { Dataset, Listing } from './models';

export type Changes = Partial<Pick<Dataset, 'name' | 'description' | 'labels'>>;

/** Datasets: list, create, change, the bin. */
export class DatasetsApi {
  constructor(private readonly client: Client) {}

  async list(): Promise<Dataset[]> {
    const found: Dataset[] = [];
    let cursor: string | null = null;
    do {
      const query: { cursor?: string } = cursor === null ? {} : { cursor };
      const page: Listing<Dataset> = await this.client.get(['datasets'], { query });
      found.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== null);
    return found;
  }

  async bin(): Promise<Dataset[]> {
    return (await this.client.get<Listing<Dataset>>(['datasets'], { query: { bin: true } })).items;
  }

  get(id: string): Promise<Dataset> {
    return this.client.get(['datasets', id]);
  }

  create(name: string, description: string, labels: string[]): Promise<Dataset> {
    return this.client.post(['datasets'], { name, description, labels });
  }

  change(id: string, changes: Changes): Promise<Dataset> {
    return this.client.put(['datasets', id], changes);
  }

  delete(id: string): Promise<Dataset> {
    return this.client.delete(['datasets', id]);
  }

  restore(id: string, name?: string): Promise<Dataset> {
    return this.client.post(['datasets', id, 'restore'], name === undefined ? {} : { name });
  }
}
