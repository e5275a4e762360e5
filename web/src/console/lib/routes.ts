/** The four things the bot does with a message (and the question it may ask first), in words. */
export const ROUTES: Record<string, { short: string; long: string }> = {
  reply: { short: 'Answered', long: 'The bot answered' },
  act: { short: 'Acted', long: 'The bot acted' },
  ask: { short: 'Asked back', long: 'The bot asked for what was missing' },
  ticket: { short: 'Opened a ticket', long: 'The bot opened a ticket' },
  handoff: { short: 'Handed over', long: 'The bot handed over to a person' },
};

/** How much the bot may do on its own for an intent. */
export const LADDER: Record<string, string> = {
  observe: 'Observe only: a human decides',
  suggest: 'Suggests: a human decides',
  approve: 'Acts after approval',
  auto: 'Acts on its own',
};
