/** The desk's nouns under the names the console uses; see schema.d.ts for where they come from. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type User = Schemas['User'];
export type Row = Schemas['Row'];
export type Detail = Schemas['Detail'];
export type DeskEvent = Schemas['Event'];
export type Message = Extract<DeskEvent, { type: 'message' }>;
export type Note = Extract<DeskEvent, { type: 'note' }>;
export type StateChange = Extract<DeskEvent, { type: 'state' }>;
export type DecisionEvent = Extract<DeskEvent, { type: 'decision' }>;
export type Act = Extract<DeskEvent, { type: 'act' }>;
export type Rating = Extract<DeskEvent, { type: 'rating' }>;
export type Decision = Schemas['Decision'];
export type Ticket = Schemas['Ticket'];
export type TicketDetail = Schemas['TicketDetail'];
export type TicketMirror = Schemas['TicketMirror'];
export type Person = Schemas['Person'];
export type Activity = Schemas['Activity'];
export type Level = Schemas['Level'];
export type Rule = Schemas['Rule'];
export type Trigger = Schemas['Trigger'];
export type Firing = Schemas['Firing'];
export type LanguageModel = Schemas['LanguageModel'];
export type ModelUse = Schemas['ModelUse'];
export type Letter = Schemas['Letter'];
export type TicketChange = Schemas['Change'];
export type Team = Schemas['Team'];
export type Intent = Schemas['Intent'];
export type Approval = Schemas['Approval'];
export type Undoable = Schemas['Undoable'];
export type Platform = Schemas['Platform'];
export type SwitchedOff = Schemas['SwitchedOff'];
export type DeskChange = Schemas['DeskChange'];
export type OpenApproval = Schemas['OpenApproval'];
export type Startable = Schemas['Startable'];
export type Customer = Schemas['Customer'];
export type Counts = Schemas['Counts'];
export type State = Row['state'];
export type Priority = Row['priority'];

export const VIEWS = ['queue', 'mine', 'human', 'bot', 'resolved', 'all'] as const;
export type View = (typeof VIEWS)[number];
