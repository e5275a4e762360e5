import type { Notice } from './stream';
import { prefs } from './prefs.svelte';
import { router } from './router.svelte';

/** Tells the agent that a customer waits: aloud and on the desktop only where they asked for it. */
export function alertAgent(notice: Notice): void {
  if (prefs.sound) chime();
  if (!prefs.desktop || !document.hidden) return;
  const shown = new Notification('A customer is waiting', { body: notice.text, tag: notice.id });
  shown.onclick = () => {
    window.focus();
    if (notice.conversation !== null) router.go({ page: 'desk', view: 'queue', conversation: notice.conversation });
  };
}

let audio: AudioContext | null = null;

/** Two soft notes, made here, so no sound file has to be loaded. */
export function chime(): void {
  try {
    audio ??= new AudioContext();
    const start = audio.currentTime;
    for (const [at, hertz] of [[0, 659], [0.14, 880]] as const) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, start + at);
      volume.gain.linearRampToValueAtTime(0.12, start + at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, start + at + 0.5);
      tone.connect(volume).connect(audio.destination);
      tone.start(start + at);
      tone.stop(start + at + 0.55);
    }
  } catch {
    // The browser allows no sound before the first click; the title still counts.
  }
}
