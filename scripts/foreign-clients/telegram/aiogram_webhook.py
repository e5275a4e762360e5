"""aiogram's webhook server, called by the fake."""

import asyncio

import aiogram
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from fake import TOKEN, Fake

SECRET = "a-secret-of-some-length"
dispatcher = Dispatcher()
seen = []


@dispatcher.message()
async def echo(message: Message):
    seen.append(message.text)
    await message.answer(f"heard {message.text}")


async def main():
    fake = await Fake.start()
    session = AiohttpSession(api=TelegramAPIServer.from_base(fake.url))
    bot = Bot(TOKEN, session=session)
    app = web.Application()
    handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=SECRET)
    handler.register(app, path="/hook")
    setup_application(app, dispatcher, bot=bot)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    # With a wrong secret aiogram refuses the fake's calls, and the fake says so and tries again.
    await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="another-secret-altogether")
    await fake.do("Ada says one")
    for _ in range(500):
        info = await bot.get_webhook_info()
        if info.last_error_message:
            break
        await asyncio.sleep(0.02)
    assert info.last_error_message == "Wrong response from the webhook: 401", info
    assert info.pending_update_count == 1 and seen == []
    await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token=SECRET)
    for word in ["two", "three"]:
        await fake.do(f"Ada says {word}")
    heard = await fake.hears("Ada", 3)
    assert heard == ["heard one", "heard two", "heard three"], heard
    await runner.cleanup()
    await session.close()
    await fake.finish(f"aiogram {aiogram.__version__} webhook")


asyncio.run(main())
