import type { Client } from './client';
import type { Commit, Listing, RefInfo, TablePage, Version, VersionDiff } from './models';

/** Versions of a dataset: references, history, content, differences. */
export class VersionsApi {
  constructor(private readonly client: Client) {}

  version(dataset: string, ref: string, signal?: AbortSignal): Promise<Version> {
    return this.client.get(['datasets', dataset, 'version'], { query: { ref }, signal });
  }

  async refs(dataset: string): Promise<RefInfo[]> {
    return (await this.client.get<Listing<RefInfo>>(['datasets', dataset, 'refs'])).items;
  }

  graph(dataset: string, limit: number, cursor?: string, signal?: AbortSignal): Promise<Listing<Commit>> {
    return this.client.get(['datasets', dataset, 'graph'], { query: { limit, cursor }, signal });
  }

  resolve(dataset: string, ref: string): Promise<Commit> {
    return this.client.post(['datasets', dataset, 'checkout'], { ref });
  }

  diff(dataset: string, old: string, now: string): Promise<VersionDiff> {
    return this.client.get(['datasets', dataset, 'diff'], { query: { old, new: now } });
  }

  createRef(dataset: string, kind: RefInfo['kind'], name: string, at: string): Promise<RefInfo> {
    return this.client.post(['datasets', dataset, 'refs'], { kind, name, at });
  }

  undo(dataset: string, ref: string): Promise<RefInfo> {
    return this.client.post(['datasets', dataset, 'undo'], { ref });
  }

  redo(dataset: string, ref: string): Promise<RefInfo> {
    return this.client.post(['datasets', dataset, 'redo'], { ref });
  }

  page(
    dataset: string,
    table: string,
    query: { ref: string; offset: number; limit: number; columns: string[] },
    signal?: AbortSignal
  ): Promise<TablePage> {
    return this.client.get(['datasets', dataset, 'tables', table, 'data'], { query, signal });
  }

  fileUrl(dataset: string, name: string, ref: string): string {
    return this.client.url(['datasets', dataset, 'files', name], { ref });
  }
}
