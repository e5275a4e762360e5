const KINDS: Record<string, string> = { channel: 'The bot on', intent: 'The intent', action: 'The action', playbook: 'The playbook' };

/** A switch in words: `channel:web` is "The bot on web". */
export function switchName(text: string): string {
  if (text === 'all') return 'The whole bot';
  const at = text.indexOf(':');
  if (at < 0) return text;
  return `${KINDS[text.slice(0, at)] ?? text.slice(0, at)} ${text.slice(at + 1)}`;
}
