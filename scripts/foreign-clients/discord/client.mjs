// discord.js against the fake: connects, hears, answers, opens a thread, registers a command, survives cuts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits, MessageFlags, Partials,
  SlashCommandBuilder, version,
} from "discord.js";

let wrong = 0;
const check = (what, good) => {
  if (!good) wrong += 1;
  console.log(`discord.js ${version}: ${what}: ${good ? "ok" : "WRONG"}`);
};

const fake = spawn(process.env.FAKE_DISCORD, ["--heartbeat", "2000", "--unlimited"], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: fake.stdout })[Symbol.asyncIterator]();
const line = async () => (await lines.next()).value;
const about = JSON.parse(await line());
const order = async (...words) => {
  fake.stdin.write(`${JSON.stringify(words)}\n`);
  return JSON.parse(await line());
};
const soon = async (emitter, event, fits = () => true) => {
  const signal = AbortSignal.timeout(60_000);
  for (;;) {
    const [value] = await once(emitter, event, { signal });
    if (fits(value)) return value;
  }
};

const client = new Client({
  intents: [
    GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages,
    GatewayIntentBits.MessageContent,
  ],
  partials: [Partials.Channel],
  rest: { api: `${about.url}/api` },
});
client.on("error", (error) => console.log("discord.js:", error.message));
const hears = () => soon(client, Events.MessageCreate, (message) => !message.author.bot);

const ready = soon(client, Events.ClientReady);
await client.login(about.token);
await ready;
const guild = client.guilds.cache.first();
check("ready, with server and channel", guild.name === "Harbor Fans" && guild.channels.cache.get(about.channel)?.name === "help");
const command = new SlashCommandBuilder().setName("support").setDescription("Ask for support");
const registered = await client.application.commands.set([command]);
check("the command is registered", registered.size === 1);

let coming = hears();
await order("say", "Ada", "hello");
const message = await coming;
check("a direct message is heard", message.content === "hello" && message.guildId === null);
const button = new ButtonBuilder().setCustomId("yes").setLabel("Yes").setStyle(ButtonStyle.Primary);
const shown = await message.channel.send({
  content: "hello Ada", components: [new ActionRowBuilder().addComponents(button)], nonce: "n1", enforceNonce: true,
});
const again = await message.channel.send({ content: "hello Ada", nonce: "n1", enforceNonce: true });
check("it is answered with a button, once by its nonce", shown.components.length === 1 && again.id === shown.id);
coming = soon(client, Events.InteractionCreate);
await order("press", "Ada", "@", shown.id, "yes");
const pressed = await coming;
await pressed.deferUpdate();
await pressed.followUp({ content: "noted", flags: MessageFlags.Ephemeral });
check("the button is heard", pressed.isButton() && pressed.customId === "yes");
await message.channel.sendTyping();

coming = hears();
await order("ask-in", "Ada", "help", "where is it?");
const asked = await coming;
check("a mention is heard", asked.mentions.has(client.user));
const thread = await asked.startThread({ name: "Support" });
await thread.send("here");
check("a thread is opened", thread.id === asked.id);
const code = (error) => error.code;
check("a long message is refused", (await thread.send("x".repeat(2001)).catch(code)) === 50035);

coming = soon(client, Events.InteractionCreate);
await order("command", "Ada", "help", "support");
const used = await coming;
await used.deferReply({ flags: MessageFlags.Ephemeral });
await used.editReply("a thread was opened");
check("the command is heard", used.commandName === "support");

const resumes = () => soon(client, Events.ShardResume);
let back = resumes();
coming = hears();
await order("cut");
await order("say", "Ada", "during the cut");
check("after a cut it resumes and hears", (await coming).content === "during the cut" && (await back) !== undefined);
back = resumes();
await order("reconnect");
check("op 7 is followed", (await back) !== undefined);
back = resumes();
await order("silent");
check("a silent gateway is left", (await back) !== undefined);
const anew = soon(client, Events.ShardReady);
await order("invalidate");
check("op 9 leads to a new session", (await anew) !== undefined);
coming = hears();
await order("say", "Ada", "still there?");
check("and that session hears", (await coming).content === "still there?");
const history = await message.channel.messages.fetch({ after: message.id });
check("the history is read", [...history.values()].map((entry) => entry.content).reverse().join("|") === "hello Ada|during the cut|still there?");

await client.destroy();
fake.stdin.end();
for (let rest = await line(); rest !== undefined; rest = await line()) console.log(rest);
const status = fake.exitCode ?? (await once(fake, "exit"))[0];
check("every request and answer follows the spec", status === 0);
process.exit(wrong === 0 ? 0 : 1);
