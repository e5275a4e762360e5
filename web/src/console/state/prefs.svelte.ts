export type Theme = 'system' | 'light' | 'dark';
const KEY = 'deskhand:console:prefs';

function stored(): { theme?: Theme; sound?: boolean; desktop?: boolean } {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as ReturnType<typeof stored>;
  } catch {
    return {};
  }
}

/** The agent's own settings, kept in this browser. Sound and desktop notifications are off until asked for. */
class Prefs {
  theme: Theme = $state('system');
  sound = $state(false);
  desktop = $state(false);

  constructor() {
    const { theme, sound, desktop } = stored();
    if (theme === 'light' || theme === 'dark') this.theme = theme;
    this.sound = sound === true;
    this.desktop = desktop === true && 'Notification' in window && Notification.permission === 'granted';
    this.#paint();
  }

  set(change: { theme?: Theme; sound?: boolean; desktop?: boolean }): void {
    Object.assign(this, change);
    this.#paint();
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: this.theme, sound: this.sound, desktop: this.desktop }));
    } catch {
      // Storage is forbidden here; the choice lasts as long as the page.
    }
  }

  /** Asks the browser first; stays off when it, or the agent, says no. */
  async wantDesktop(on: boolean): Promise<void> {
    if (!on || !('Notification' in window)) return this.set({ desktop: false });
    this.set({ desktop: (await Notification.requestPermission()) === 'granted' });
  }

  #paint(): void {
    if (this.theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.theme;
  }
}

export const prefs = new Prefs();
