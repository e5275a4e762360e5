// A stand-in for triage: a few keywords, so that every state of the front ends can be reached. It judges nothing.
import { randomUUID } from 'node:crypto';

const KINDS = [
  ['talk_to_human', /human|person|agent|someone real|mensch/i],
  ['duplicate_charge', /charged|refund|twice|double/i],
  ['account_access', /access|password|locked|log ?in|sign in/i],
  ['export_data', /export|download|csv|backup/i],
  ['cancel_subscription', /cancel/i],
  ['greeting', /^(hi|hello|hey|hallo|bonjour)\b/i],
];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function judge(text) {
  const intent = KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
  const urgent = /urgent|asap|minutes|immediately|now\b|demo/i.exec(text);
  const upset = /nobody|angry|terrible|unacceptable|twice|still/i.exec(text);
  return { intent, urgency: urgent ? 'high' : upset ? 'medium' : 'low', sentiment: upset ? 'negative' : 'neutral', urgent, upset };
}

function decide(desk, talk, message, verdict, route, reasons, rules, citations = []) {
  const confidence = verdict.intent === null ? 0.22 : 0.91;
  const weights = [verdict.urgent, verdict.upset].filter(Boolean).map((m, at) => ({ text: m[0], weight: 1.4 - at * 0.5 }));
  const word = KINDS.find(([id]) => id === verdict.intent)?.[1].exec(message.text)?.[0];
  if (word) weights.unshift({ text: word, weight: 2.3 });
  const decision = {
    id: randomUUID(), at: desk.now(), message: message.id, intent: verdict.intent, confidence, threshold: 0.65, in_scope: verdict.intent !== null, draft: null,
    urgency_signals: signals('urgent-word', verdict.urgent), sentiment_signals: signals('complaint', verdict.upset),
    top: [{ intent: verdict.intent ?? 'export_data', confidence }, { intent: 'cancel_subscription', confidence: 0.05 }, { intent: 'greeting', confidence: 0.02 }],
    urgency: verdict.urgency, sentiment: verdict.sentiment, language: 'en', entities: entities(message.text), route, automation: 'auto', reasons, rules,
    evidence: [...weights, { text: 'thanks', weight: -0.4 }],
    flip: word ? { without: [word], intent: 'export_data', confidence: 0.34, sure: false } : null, opinions: [], injection: 0, context: ['customer.known', 'customer.tier', 'desk.open', 'intent', 'confidence', 'urgency'],
    citations, model: 'local-2026-11', release: '7c1e94ab02d5', cost_usd: 0, latency_ms: 6,
  };
  desk.append(talk, { type: 'decision', decision }, { intent: verdict.intent, urgency: verdict.urgency, sentiment: verdict.sentiment });
}

const signals = (code, match) => (match ? [{ code, text: match[0], weight: 1 }] : []);

function entities(text) {
  const found = {};
  const email = /[\w.+-]+@[\w-]+\.[\w.]+/.exec(text);
  if (email) found.email = email[0];
  const deadline = /in (\d+) minutes/.exec(text);
  if (deadline) found.deadline_minutes = Number(deadline[1]);
  return found;
}

/** Answers one customer message, unless a human has the conversation by then. */
export async function answer(desk, talk, message, pace = 350) {
  if (talk.state === 'human' || talk.state === 'queued') return;
  await wait(pace / 2);
  if (talk.state !== 'bot') return;
  desk.typing(talk, 'bot');
  await wait(pace);
  if (talk.state !== 'bot') return; // taken over meanwhile: the bot is mute
  if (message.choice === 'answer:yes') {
    desk.move(talk, 'resolved', null, 'Resolved: the customer says so.');
    return void desk.append(talk, { type: 'rating_request' });
  }
  const verdict = talk.slots.waiting ?? judge(message.text);
  const bot = { author: null };
  switch (verdict.intent) {
    case 'export_data':
      decide(desk, talk, message, verdict, 'reply', [{ code: 'answered-from-knowledge', text: 'The article “Export your data” answers this.' }], ['low-risk-answer'], [{ title: 'Export your data', url: '/help/export-data', article: 'export-data' }]);
      return void desk.say(talk, 'bot', 'You can export everything yourself:\n\n1. Open the project and choose the three dots, then **Export**.\n2. Choose CSV or Excel.\n3. We e-mail you a link when the file is ready, usually within 10 minutes.\n\nThe link works for 7 days.\n\nDid this help?', { ...bot, choices: [{ id: 'answer:yes', label: 'Yes, thank you' }, { id: 'answer:no', label: 'No, not yet' }], citations: [{ title: 'Export your data', url: '/help/export-data', article: 'export-data' }] });
    case 'cancel_subscription':
      decide(desk, talk, message, verdict, 'ask', [{ code: 'needs-clarification', text: 'The reason is asked for once.' }], []);
      talk.slots.waiting = { ...verdict, intent: 'reason_given' };
      return void desk.say(talk, 'bot', 'I can pass that on. May I ask why you’d like to cancel?', { ...bot, choices: [{ id: 'too-expensive', label: 'It costs too much' }, { id: 'missing-feature', label: 'Something is missing' }, { id: 'not-used', label: 'We don’t use it any more' }] });
    case 'reason_given':
      delete talk.slots.waiting;
      decide(desk, talk, message, { ...verdict, intent: 'cancel_subscription' }, 'reply', [{ code: 'choice-answered', text: 'The customer chose.' }], []);
      return void desk.say(talk, 'bot', 'Thank you. The date of your request is recorded; Billing confirms it in writing.');
    case 'greeting':
      decide(desk, talk, message, verdict, 'reply', [{ code: 'greeting', text: 'A greeting and nothing else.' }], []);
      return void desk.say(talk, 'bot', 'Hello! What can I help you with?', bot);
    case 'account_access':
      return account(desk, talk, message, verdict);
    default:
      return human(desk, talk, message, verdict);
  }
}

function account(desk, talk, message, verdict) {
  const email = entities(message.text).email ?? talk.visitor.customer.email;
  if (!email) {
    talk.slots.waiting = verdict;
    decide(desk, talk, message, verdict, 'ask', [{ code: 'missing-email', text: 'The account can only be checked with the e-mail address.' }], []);
    return void desk.say(talk, 'bot', 'I’ll get you back in. Which e-mail address do you use for Harbor?');
  }
  delete talk.slots.waiting;
  talk.visitor.customer.email = email;
  decide(desk, talk, message, verdict, 'ticket', [{ code: 'account-locked', text: 'The account is locked after 5 failed sign-ins.' }, { code: 'deadline-soon', text: 'The customer names a deadline within the hour.' }], ['urgent-access']);
  desk.append(talk, { type: 'act', act: 'ticket', status: 'requested', text: 'Open a high-priority ticket', ticket: null });
  const number = desk.ticket(talk, 'Locked out before a client demo', 'high', 'identity');
  desk.append(talk, { type: 'act', act: 'ticket', status: 'done', text: `Ticket ${number} opened`, ticket: number });
  desk.say(talk, 'bot', `I’ve opened ticket ${number} with high priority and told our access team. A colleague will take over right here.`);
  desk.handOff(talk, 'identity', 'high', `${email} is locked out and has a demo soon. Ticket ${number} is open.`, [{ code: 'account-locked', text: 'The account is locked after 5 failed sign-ins.' }]);
}

function human(desk, talk, message, verdict) {
  const known = verdict.intent === 'duplicate_charge';
  const reason = known
    ? { code: 'billing-dispute', text: 'Disputes about money go to a person.' }
    : verdict.intent === 'talk_to_human'
      ? { code: 'human-requested', text: 'The customer asked for a person.' }
      : { code: 'out-of-scope', text: 'No intent is likely enough (22%, threshold 60%).' };
  decide(desk, talk, message, verdict, 'handoff', [reason], known ? ['money-to-human'] : []);
  desk.say(talk, 'bot', 'I’m handing this to a colleague. You don’t need to repeat anything; they can read everything here.');
  desk.handOff(talk, known ? 'billing' : 'support', verdict.urgency === 'high' ? 'high' : 'normal', message.text.slice(0, 140), [reason]);
}
