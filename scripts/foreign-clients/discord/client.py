"""discord.py against the fake: connects, hears, answers, opens a thread, registers a command, survives cuts."""

import asyncio
import json
import os
import sys

import discord
import yarl
from discord import app_commands

CHECKS = []


def check(what, good):
    CHECKS.append((what, bool(good)))
    print(f"discord.py {discord.__version__}: {what}: {'ok' if good else 'WRONG'}", flush=True)


class Fake:
    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            os.environ["FAKE_DISCORD"], "--heartbeat", "2000", "--unlimited",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 22)
        self.about = json.loads(await self.process.stdout.readline())
        return self

    async def order(self, *words):
        self.process.stdin.write((json.dumps(words) + "\n").encode())
        await self.process.stdin.drain()
        return json.loads(await self.process.stdout.readline())

    async def end(self):
        self.process.stdin.close()
        rest = (await self.process.stdout.read()).decode()
        await self.process.wait()
        return rest, self.process.returncode


class View(discord.ui.View):
    def __init__(self, pressed):
        super().__init__(timeout=None)
        self.pressed = pressed

    @discord.ui.button(label="Yes", custom_id="yes")
    async def yes(self, interaction, button):
        await interaction.response.defer()
        await interaction.followup.send("noted", ephemeral=True)
        self.pressed.put_nowait(interaction.data["custom_id"])


async def main():
    fake = await Fake().start()
    base = fake.about["url"]
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(base.replace("http", "ws") + "/gateway")

    intents = discord.Intents.default()
    intents.message_content = True
    client = discord.Client(intents=intents, heartbeat_timeout=5.0)
    tree = app_commands.CommandTree(client)
    heard, ready, resumed, pressed = asyncio.Queue(), asyncio.Queue(), asyncio.Queue(), asyncio.Queue()

    @tree.command(name="support", description="Ask for support")
    async def support(interaction):
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content="a thread was opened")
        pressed.put_nowait("support")

    @client.event
    async def on_message(message):
        if not message.author.bot:
            heard.put_nowait(message)

    @client.event
    async def on_ready():
        ready.put_nowait(True)

    @client.event
    async def on_resumed():
        resumed.put_nowait(True)

    async def soon(queue):
        return await asyncio.wait_for(queue.get(), 60)

    running = asyncio.create_task(client.start(fake.about["token"]))
    await soon(ready)
    guild = client.guilds[0]
    check("ready, with server and channel", guild.name == "Harbor Fans" and guild.text_channels[0].name == "help")
    check("the command is registered", [command.name for command in await tree.sync()] == ["support"])

    await fake.order("say", "Ada", "hello")
    message = await soon(heard)
    check("a direct message is heard", message.content == "hello" and message.guild is None)
    shown = await message.channel.send("hello Ada", view=View(pressed), nonce="n1")
    check("it is answered with a button", shown.content == "hello Ada" and len(shown.components) == 1)
    await fake.order("press", "Ada", "@", str(shown.id), "yes")
    check("the button is heard", await soon(pressed) == "yes")
    await message.channel.typing()

    await fake.order("ask-in", "Ada", "help", "where is it?")
    asked = await soon(heard)
    check("a mention is heard", client.user in asked.mentions)
    thread = await asked.create_thread(name="Support")
    await thread.send("here")
    check("a thread is opened", thread.id == asked.id)
    try:
        await asked.create_thread(name="Support")
        check("a second thread is refused", False)
    except discord.HTTPException as error:
        check("a second thread is refused", error.code == 160004)
    try:
        await thread.send("x" * 2001)
        check("a long message is refused", False)
    except discord.HTTPException as error:
        check("a long message is refused", error.code == 50035)

    await fake.order("command", "Ada", "help", "support")
    check("the command is heard", await soon(pressed) == "support")

    await fake.order("cut")
    await fake.order("say", "Ada", "during the cut")
    check("after a cut it resumes and hears", (await soon(heard)).content == "during the cut" and await soon(resumed))
    await fake.order("reconnect")
    check("op 7 is followed", await soon(resumed))
    await fake.order("silent")
    check("a silent gateway is left", await soon(resumed))
    while not ready.empty():
        ready.get_nowait()
    await fake.order("invalidate")
    check("op 9 leads to a new session", await soon(ready))
    await fake.order("say", "Ada", "still there?")
    check("and that session hears", (await soon(heard)).content == "still there?")
    texts = [entry.content async for entry in message.channel.history(after=message, oldest_first=True)]
    check("the history is read", texts == ["hello Ada", "during the cut", "still there?"])

    await client.close()
    await asyncio.gather(running, return_exceptions=True)
    rest, code = await fake.end()
    print(rest.strip())
    check("every request and answer follows the spec", code == 0)


asyncio.run(main())
sys.exit(0 if all(good for _, good in CHECKS) else 1)
