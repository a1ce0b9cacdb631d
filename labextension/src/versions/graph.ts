import type { Commit } from '../api';
import type { VersionsApi } from '../api/versions';
import type { CommitPage, HistorySource, Ref } from '../history';

const FIRST = 200; // commits, so that they are soon there
const MORE = 2000;

/** The commits of a dataset, as the history asks for them; what was told is remembered. */
export class Graph implements HistorySource {
  private readonly known = new Map<string, Commit>();

  constructor(
    private readonly versions: VersionsApi,
    private readonly dataset: string,
    readonly label: string
  ) {}

  async commits(cursor: string | null, signal: AbortSignal): Promise<CommitPage> {
    const limit = cursor === null ? FIRST : MORE;
    const page = await this.versions.graph(this.dataset, limit, cursor ?? undefined, signal);
    page.items.forEach(commit => this.known.set(commit.id, commit));
    return page;
  }

  refs(): Promise<readonly Ref[]> {
    return this.versions.refs(this.dataset);
  }

  /** The commits with these ids that were told of. */
  named(ids: readonly string[]): Commit[] {
    return ids.flatMap(id => this.known.get(id) ?? []);
  }
}
