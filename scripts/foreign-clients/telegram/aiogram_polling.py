"""aiogram's dispatcher, polling the fake."""

import asyncio

import aiogram
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.filters import CommandStart
from aiogram.types import BotCommand, BufferedInputFile, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from fake import TOKEN, Fake, expect

chats = {}
members = []
dispatcher = Dispatcher()


@dispatcher.message(CommandStart(deep_link=True))
async def start(message: Message, command):
    await message.answer(f"Hello <b>{message.from_user.first_name}</b>, {command.args}", parse_mode="HTML")


@dispatcher.message(F.photo)
async def photo(message: Message, bot: Bot):
    content = (await bot.download(message.photo[-1])).read()
    await message.answer_document(BufferedInputFile(content, "back.jpg"), caption=f"{len(content)} bytes")
    await message.answer_photo(BufferedInputFile(content, "back.jpg"), caption="again")


@dispatcher.message(F.text)
async def echo(message: Message, bot: Bot):
    chats[message.from_user.first_name] = message.chat.id
    await bot.send_chat_action(message.chat.id, "typing")
    row = [InlineKeyboardButton(text="Yes", callback_data="yes"), InlineKeyboardButton(text="No", callback_data="no")]
    await message.reply("You said something.", reply_markup=InlineKeyboardMarkup(inline_keyboard=[row]))


@dispatcher.callback_query()
async def pressed(query: CallbackQuery):
    await query.answer("noted")
    await query.message.edit_text(f"You chose {query.data}.")


@dispatcher.my_chat_member()
async def member(update):
    members.append(update.new_chat_member.status)


async def main():
    fake = await Fake.start()
    session = AiohttpSession(api=TelegramAPIServer.from_base(fake.url))
    bot = Bot(TOKEN, session=session)
    assert (await bot.get_me()).username == "harbor_bot"
    await bot.set_my_commands([BotCommand(command="start", description="Begin")], language_code="de")
    assert [one.command for one in await bot.get_my_commands(language_code="de")] == ["start"]
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=2, close_bot_session=False))
    await fake.do("Ada says /start code-1")
    heard = await fake.hears("Ada", 1)
    assert heard[0] == "Hello Ada, code-1", heard
    await fake.do("Ada says hello")
    await fake.hears("Ada", 2)
    assert await fake.do("Ada presses No") is not None
    for _ in range(500):
        heard = await fake.do("hears Ada")
        if heard[1] == "You chose no.":
            break
        await asyncio.sleep(0.02)
    assert heard[1] == "You chose no.", heard
    await fake.do("Ada photo look")
    heard = await fake.hears("Ada", 4)
    assert heard[2:] == ["64 bytes", "again"], heard
    chat = chats["Ada"]
    await expect("too long", TelegramBadRequest, bot.send_message(chat, "x" * 4097))
    await expect("parse entities", TelegramBadRequest, bot.send_message(chat, "a.b", parse_mode="MarkdownV2"))
    await expect("chat not found", TelegramBadRequest, bot.send_message(5, "x"))
    await fake.do("Ada blocks")
    await expect("blocked", TelegramForbiddenError, bot.send_message(chat, "x"))
    for _ in range(500):
        if members:
            break
        await asyncio.sleep(0.02)
    assert members == ["kicked"], members
    await dispatcher.stop_polling()
    await polling
    wrong = Bot("4711:wrong", session=session)
    await expect("unauthorized", TelegramUnauthorizedError, wrong.get_me())
    await session.close()
    await fake.finish(f"aiogram {aiogram.__version__} polling")


async def limits():
    fake = await Fake.start("--limits", "--second-ms", "2000")
    session = AiohttpSession(api=TelegramAPIServer.from_base(fake.url))
    bot = Bot(TOKEN, session=session)
    await fake.do("Ada says hello")
    chat = (await bot.get_updates())[0].message.chat.id
    try:
        for _ in range(10):
            await bot.send_message(chat, "spam")
        raise AssertionError("no limit was met")
    except TelegramRetryAfter as error:
        assert error.retry_after >= 1
    await session.close()
    await fake.finish("aiogram, limits")


asyncio.run(main())
asyncio.run(limits())
