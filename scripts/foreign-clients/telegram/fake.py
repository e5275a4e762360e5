"""The fake as a program: what customers do goes in by lines, what they see comes out as JSON."""

import asyncio
import json
import os

TOKEN = "4711:fake-telegram-token"


class Fake:
    @classmethod
    async def start(cls, *options):
        self = cls()
        self.process = await asyncio.create_subprocess_exec(
            os.environ["FAKE_TELEGRAM"], "--addr", "127.0.0.1:0", "--token", TOKEN, *options,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        while True:
            line = (await self.process.stdout.readline()).decode().strip()
            if line.startswith("listening "):
                self.url = line.split(" ", 1)[1]
                return self

    async def do(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()
        return json.loads(await self.process.stdout.readline())

    async def hears(self, name, count):
        """Waits until that person has so many messages of the bot."""
        for _ in range(500):
            heard = await self.do(f"hears {name}")
            if len(heard) >= count:
                return heard
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name} never heard {count} messages, but {heard}")

    async def finish(self, client):
        journal = await self.do("journal")
        assert journal["violations"] == [], journal["violations"]
        methods = sorted(set(journal["methods"]))
        print(f"{client}: {len(journal['methods'])} calls, 0 violations; {', '.join(methods)}")
        self.process.terminate()
        await self.process.wait()


async def expect(what, error, call):
    """The call must fail as this client tells that failure."""
    try:
        await call
    except error as met:
        assert what.lower() in str(met).lower(), met
        return
    raise AssertionError(f"no {error} where {what!r} was due")


async def until(what, so):
    for _ in range(500):
        if so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never: {what}")
