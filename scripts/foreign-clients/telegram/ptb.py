"""python-telegram-bot's own application, polling the fake."""

import asyncio
import io

import telegram
from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.request import HTTPXRequest
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from fake import TOKEN, Fake, expect, until

chats = {}
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes"), InlineKeyboardButton("No", callback_data="no")]])


async def start(update, context):
    await update.message.reply_html(f"Hello <b>{update.effective_user.first_name}</b>, {context.args}")


async def echo(update, context):
    chats[update.effective_user.first_name] = update.effective_chat.id
    await context.bot.send_chat_action(update.effective_chat.id, "typing")
    await update.message.reply_markdown_v2("*You* said something\\.", reply_markup=KEYBOARD, do_quote=True)


async def photo(update, context):
    file = await update.message.photo[-1].get_file()
    content = bytes(await file.download_as_bytearray())
    await update.message.reply_document(io.BytesIO(content), filename="back.jpg", caption=f"{len(content)} bytes")
    await update.message.reply_photo(io.BytesIO(content), caption="again")


async def pressed(update, context):
    await update.callback_query.answer("noted")
    await update.callback_query.edit_message_text(f"You chose {update.callback_query.data}.")
    await expect("not modified", telegram.error.BadRequest, update.callback_query.edit_message_text(f"You chose {update.callback_query.data}."))


async def main():
    fake = await Fake.start()
    builder = Application.builder().token(TOKEN).base_url(f"{fake.url}/bot").base_file_url(f"{fake.url}/file/bot")
    app = builder.build()
    app.add_handler(CommandHandler("start", start))
    app.add_handler(MessageHandler(filters.PHOTO, photo))
    app.add_handler(MessageHandler(filters.TEXT, echo))
    app.add_handler(CallbackQueryHandler(pressed))
    async with app:
        assert (await app.bot.get_me()).username == "harbor_bot"
        await app.bot.set_my_commands([BotCommand("start", "Begin")], language_code="de")
        assert [one.command for one in await app.bot.get_my_commands(language_code="de")] == ["start"]
        await app.start()
        await app.updater.start_polling(timeout=2)
        await fake.do("Ada says /start code-1")
        heard = await fake.hears("Ada", 1)
        assert heard[0] == "Hello Ada, ['code-1']", heard
        await fake.do("Ada says hello")
        await fake.hears("Ada", 2)
        assert await fake.do("Ada presses Yes") is not None
        for _ in range(500):
            heard = await fake.do("hears Ada")
            if heard[1] == "You chose yes.":
                break
            await asyncio.sleep(0.02)
        assert heard[1] == "You chose yes.", heard
        await fake.do("Ada photo look")
        heard = await fake.hears("Ada", 4)
        assert heard[2:] == ["64 bytes", "again"], heard
        chat = chats["Ada"]
        bot = app.bot
        await expect("too long", telegram.error.BadRequest, bot.send_message(chat, "x" * 4097))
        await expect("parse entities", telegram.error.BadRequest, bot.send_message(chat, "<b>x", parse_mode="HTML"))
        await expect("chat not found", telegram.error.BadRequest, bot.send_message(5, "x"))
        await expect("too old", telegram.error.BadRequest, bot.answer_callback_query("never"))
        await fake.do("Ada blocks")
        await expect("blocked", telegram.error.Forbidden, bot.send_message(chat, "x"))
        await app.updater.stop()
        await app.stop()
        assert await bot.set_webhook("https://bot.example/hook", secret_token="s" * 20)
        assert (await bot.get_webhook_info()).url == "https://bot.example/hook"
        await expect("webhook is active", telegram.error.Conflict, bot.get_updates())
        assert await bot.delete_webhook()
    wrong = telegram.Bot("4711:wrong", base_url=f"{fake.url}/bot")
    await expect("token", telegram.error.InvalidToken, wrong.initialize())
    await fake.finish(f"python-telegram-bot {telegram.__version__}")


async def limits():
    fake = await Fake.start("--limits", "--second-ms", "2000")
    polls = HTTPXRequest(connection_pool_size=4)
    async with telegram.Bot(TOKEN, base_url=f"{fake.url}/bot", get_updates_request=polls) as bot:
        await fake.do("Ada says hello")
        chat = (await bot.get_updates())[0].message.chat.id
        try:
            for _ in range(10):
                await bot.send_message(chat, "spam")
            raise AssertionError("no limit was met")
        except telegram.error.RetryAfter as error:
            wait = error.retry_after
            assert getattr(wait, "total_seconds", lambda: wait)() >= 1
        first = asyncio.create_task(bot.get_updates(offset=100_002, timeout=5))
        await asyncio.sleep(0.3)
        second = asyncio.create_task(bot.get_updates(offset=100_002, timeout=5))
        await expect("terminated by other getUpdates", telegram.error.Conflict, first)
        await fake.do("Ada says still here")
        await until("the second poll returns", second.done)
        assert [update.message.text for update in second.result()] == ["still here"]
    await fake.finish("python-telegram-bot, limits and conflicts")


asyncio.run(main())
asyncio.run(limits())
