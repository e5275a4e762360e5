import { api, asApiError, data } from '../api/client';
import type { User } from '../api/types';

/** Who is signed in. `undefined` while that is not known yet. */
class Session {
  user: User | null | undefined = $state.raw(undefined);
  problem = $state('');
  /** The desk did not answer at all when asked who this is. */
  unreachable = $state(false);

  /** At the start: uses a one-time link if the address has one, else the cookie. */
  async begin(): Promise<void> {
    this.unreachable = false;
    const link = new URLSearchParams(location.hash.slice(1)).get('link');
    // Out of the address bar and the history at once: a one-time code should not be left lying around.
    if (link !== null) history.replaceState(null, '', location.pathname);
    if (link !== null && (await this.signIn({ link }))) return;
    try {
      this.user = (await data(api.GET('/api/v1/session'))).user;
    } catch (error) {
      const failed = asApiError(error);
      if (failed.status === 401) this.user = null;
      else this.unreachable = true;
    }
  }

  /** Whether this person may talk to customers and change tickets; an analyst reads. */
  get answers(): boolean {
    return this.user?.role === 'admin' || this.user?.role === 'agent';
  }

  async signIn(body: { email: string; password: string } | { link: string }): Promise<boolean> {
    this.problem = '';
    try {
      this.user = (await data(api.POST('/api/v1/session', { body }))).user;
      return true;
    } catch (error) {
      const failed = asApiError(error);
      this.problem = failed.status === 429 ? 'Too many tries. Wait a minute, then try again.' : failed.message;
      return false;
    }
  }

  async signOut(): Promise<void> {
    try {
      await api.DELETE('/api/v1/session');
    } catch (error) {
      const failed = asApiError(error);
      if (failed.status !== 401) throw failed;
    }
    this.user = null;
  }

  /** Some request was told that the session is over. */
  lost(): void {
    if (this.user) this.problem = 'Your session has ended. Sign in again to go on.';
    this.user = null;
  }
}

export const session = new Session();
