/** The widget of conflicts. */

import {
  ReviewView,
  type Conflict,
  type ReviewSource,
  type ReviewState,
  type Scope,
  type Take
} from '../merge';
import { Comm, type Model } from './comm';

/** So long a merge of large tables may take. */
const MERGING = 900_000;

class KernelSource implements ReviewSource {
  constructor(
    private readonly model: Model,
    private readonly comm: Comm
  ) {}

  get state(): ReviewState {
    return this.model.get('state') as ReviewState;
  }

  onChange(listener: () => void): () => void {
    this.model.on('change:state', listener);
    return () => this.model.off('change:state', listener);
  }

  async conflicts(offset: number, limit: number, signal: AbortSignal): Promise<Conflict[]> {
    const { content } = await this.comm.ask('conflicts', { offset, limit }, signal);
    return content['conflicts'] as Conflict[];
  }

  async settle(conflict: number, scope: Scope, take: Take, signal: AbortSignal): Promise<void> {
    await this.comm.ask('settle', { conflict, scope, take }, signal, MERGING);
  }

  async run(action: string, signal: AbortSignal): Promise<void> {
    await this.comm.ask(action, {}, signal, MERGING);
  }
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const comm = new Comm(model);
  const view = new ReviewView(el, new KernelSource(model, comm));
  return () => {
    view.dispose();
    comm.dispose();
  };
}

export default { render };
