package openwork_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/replies anew")

// Every reply is opened again and compared with its golden file: the message before it was sealed, with the CreateTime of
// testNow. The elements are those of document/path/90377. The golden files are
// written with go test -run TestReplies_Golden -update .
func TestReplies_Golden(t *testing.T) {
	t.Parallel()
	golden := map[string]bool{}
	for _, row := range []struct {
		name  string
		reply openwork.Reply
	}{
		{"text", openwork.Text("你好, <b>&amp;</b> ]]> \"quotes\"\n second line ")},
		{"text_empty", openwork.Text("")},
		{"image", openwork.Image("media-id_1")},
		{"voice", openwork.Voice("media-id_2")},
		{"video", openwork.Video("media-id_3", "标题 <1>", "说明 & more")},
		{"video_untitled", openwork.Video("media-id_3", "", "")},
		{"news", openwork.News(
			openwork.Article{Title: "第一篇 <1>", Description: "说明 & more", PicURL: "https://example.com/1.png?a=1&b=2", URL: "https://example.com/1?a=1&b=2"},
			openwork.Article{Title: "第二篇", URL: "https://example.com/2"})},
		{"update_button", openwork.UpdateButton("已处理 <ok>")},
		{"update_template_card_text_notice", openwork.UpdateTemplateCard(textNotice())},
		{"update_template_card_news_notice", openwork.UpdateTemplateCard(newsNotice())},
		{"update_template_card_button_interaction", openwork.UpdateTemplateCard(buttonInteraction())},
		{"update_template_card_vote_interaction", openwork.UpdateTemplateCard(voteInteraction())},
		{"update_template_card_multiple_interaction", openwork.UpdateTemplateCard(multipleInteraction())},
		{"xml", openwork.XML(taskCardReply{MsgType: "update_taskcard", ReplaceName: "已收到 <&>"})},
	} {
		golden[row.name+".xml"] = true
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join("testdata", "replies", row.name+".xml")
			message, click := textMessage("hello"), dataEvent("click", "EventKey", "menu", "AgentID", "218")
			if strings.HasPrefix(row.name, "update_") {
				message = cardClick(openwork.CardButtonInteraction)
				click = cardClick(openwork.CardVoteInteraction)
			}
			for _, to := range []struct {
				url       consoleURL
				receiveID string
				event     string
			}{
				{thirdPartyApp, testCorp, message},
				{thirdPartyApp, testCorp, click},
				{customizedApp, testCorp, message},
				{individual, "", message},
			} {
				f := newFixture(t, to.url.config)
				f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return row.reply, nil })
				w := f.do(newPush(to.event, func(p *push) { p.ReceiveID = to.receiveID }).request())
				require.Equal(t, http.StatusOK, w.Code, f.log.String())
				require.Equal(t, "text/xml; charset=utf-8", w.Header().Get("Content-Type"))

				sealed := parseReply(t, w.Body.Bytes())
				require.Equal(t, refSign(testToken, sealed.TimeStamp, sealed.Nonce, sealed.Encrypt), sealed.MsgSignature)
				require.Equal(t, fmt.Sprint(testNow.Unix()), sealed.TimeStamp)
				message, receiveID := refOpen(t, testKey, sealed.Encrypt)
				require.Equal(t, to.receiveID, receiveID)

				sender := "zhangsan"
				if strings.Contains(to.event, "<Event>") {
					sender = "sys"
				}
				head := "<xml><ToUserName><![CDATA[" + sender + "]]></ToUserName><FromUserName><![CDATA[" + testCorp + "]]></FromUserName>" +
					"<CreateTime>1700000000</CreateTime>"
				require.True(t, strings.HasPrefix(message, head), message)
				message = strings.Replace(message, sender, "zhangsan", 1)
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
					require.NoError(t, os.WriteFile(file, []byte(message+"\n"), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Equal(t, strings.TrimSuffix(string(want), "\n"), message)
			}
		})
	}
	files, err := os.ReadDir(filepath.Join("testdata", "replies"))
	require.NoError(t, err)
	for _, file := range files {
		assert.True(t, golden[file.Name()], "%s is nobody's golden file", file.Name())
	}
}

// What was put into a reply is what encoding/xml reads in it, with the names of the page.
func TestReplies_Content(t *testing.T) {
	t.Parallel()
	text := "你好, <b>&amp;</b> ]]> \"quotes\"\n second line "
	read := func(t *testing.T, reply openwork.Reply, into any) {
		require.NoError(t, xml.Unmarshal([]byte(openedReply(t, reply)), into))
	}
	t.Run("text", func(t *testing.T) {
		var got struct{ MsgType, Content string }
		read(t, openwork.Text(text), &got)
		require.Equal(t, "text", got.MsgType)
		require.Equal(t, text, got.Content)
		read(t, openwork.Text(strings.Repeat("长", 1000)), &got)
		require.Equal(t, strings.Repeat("长", 1000), got.Content, "WeCom cuts it, not we")
	})
	t.Run("media", func(t *testing.T) {
		for msgType, reply := range map[string]openwork.Reply{
			"image": openwork.Image(text), "voice": openwork.Voice(text), "video": openwork.Video(text, text+"title", text+"description"),
		} {
			var got struct {
				MsgType             string
				Image, Voice, Video struct{ MediaId, Title, Description string }
			}
			read(t, reply, &got)
			require.Equal(t, msgType, got.MsgType)
			require.Equal(t, text, got.Image.MediaId+got.Voice.MediaId+got.Video.MediaId, msgType)
			if msgType == "video" {
				require.Equal(t, text+"title", got.Video.Title)
				require.Equal(t, text+"description", got.Video.Description)
			}
		}
	})
	t.Run("news", func(t *testing.T) {
		for _, count := range []int{1, 2, 8} {
			var articles []openwork.Article
			for i := range count {
				articles = append(articles, openwork.Article{Title: fmt.Sprint(text, i), Description: text, PicURL: "p" + text, URL: "u" + text})
			}
			var got struct {
				MsgType      string
				ArticleCount int
				Articles     struct {
					Item []struct{ Title, Description, PicUrl, Url string } `xml:"item"`
				}
			}
			read(t, openwork.News(articles...), &got)
			require.Equal(t, "news", got.MsgType)
			require.Equal(t, count, got.ArticleCount)
			require.Len(t, got.Articles.Item, count)
			for i, item := range got.Articles.Item {
				require.Equal(t, articles[i], openwork.Article{Title: item.Title, Description: item.Description, PicURL: item.PicUrl, URL: item.Url})
			}
		}
	})
	t.Run("update_button", func(t *testing.T) {
		var got struct {
			MsgType string
			Button  struct{ ReplaceName string }
		}
		read(t, openwork.UpdateButton(text), &got)
		require.Equal(t, "update_button", got.MsgType)
		require.Equal(t, text, got.Button.ReplaceName)
	})
	t.Run("update_template_card", func(t *testing.T) {
		for _, card := range []openwork.TemplateCard{textNotice(), newsNotice(), buttonInteraction(), voteInteraction(), multipleInteraction()} {
			var got struct {
				MsgType      string
				TemplateCard openwork.TemplateCard
			}
			read(t, openwork.UpdateTemplateCard(card), &got)
			require.Equal(t, "update_template_card", got.MsgType)
			got.TemplateCard.XMLName = card.XMLName
			require.Equal(t, card, got.TemplateCard)
		}
	})
	t.Run("XML", func(t *testing.T) {
		var got taskCardReply
		read(t, openwork.XML(&taskCardReply{MsgType: "update_taskcard", ReplaceName: text}), &got)
		require.Equal(t, taskCardReply{XMLName: xml.Name{Local: "xml"}, MsgType: "update_taskcard", ReplaceName: text}, got)
	})
}

// Which pushes take a message: all messages, and the events of
// document/path/90377, two of which stand in a comment there. Every form of the
// catalogue.
func TestReplies_WhichPushesTakeOne(t *testing.T) {
	t.Parallel()
	takes := map[string]bool{"subscribe": true, "enter_agent": true, "LOCATION": true, "click": true, "view": true, "view_miniprogram": true,
		"scancode_waitmsg": true, "template_card_menu_event": true, "unlicensed_notify": true, "respond_schedule": true,
		"message.text": true, "message.image": true, "message.voice": true, "message.video": true, "message.location": true, "message.link": true}
	seen := map[string]bool{}
	for _, form := range forms(t) {
		want := takes[form.Name] && form.Element != "InfoType"
		if want {
			seen[form.Name] = true
		}
		for _, way := range form.ways() {
			t.Run(form.Name+"/"+form.Channel+"/"+way.url.name+"/"+way.receiveID, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, way.url.config)
				f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
					return openwork.Text("nobody's business"), nil
				})
				resp, err := f.Serve(newPush(form.xml, way.to).request())
				if want {
					require.NoError(t, err)
					content, receiveID := refOpen(t, testKey, parseReply(t, resp.Body).Encrypt)
					require.Equal(t, way.receiveID, receiveID)
					require.Contains(t, content, "nobody's business")
					return
				}
				require.Nil(t, resp)
				require.ErrorIs(t, err, openwork.ErrReplyNotAllowed)
				require.ErrorContains(t, err, form.Name)
				require.NotContains(t, err.Error(), "nobody's business")
			})
		}
	}
	require.Equal(t, takes, seen)
}

// A click on a template card takes an update of the card, and nothing else does. Only interactions have a button to update.
func TestReplies_UpdatesOfCards(t *testing.T) {
	t.Parallel()
	button, card := openwork.UpdateButton("done"), openwork.UpdateTemplateCard(textNotice())
	text, other := openwork.Text("hello"), openwork.XML(taskCardReply{MsgType: "update_taskcard", ReplaceName: "done"})
	for _, row := range []struct {
		plaintext string
		takes     []openwork.Reply
		not       []openwork.Reply
	}{
		{cardClick(openwork.CardButtonInteraction), []openwork.Reply{button, card, other}, []openwork.Reply{text, openwork.Image("id")}},
		{cardClick(openwork.CardTextNotice), []openwork.Reply{card}, []openwork.Reply{button, text}},
		{cardClick(openwork.CardNewsNotice), []openwork.Reply{card}, []openwork.Reply{button, text}},
		{cardClick(""), []openwork.Reply{button, card}, []openwork.Reply{text}},
		{dataEvent("template_card_menu_event"), []openwork.Reply{text, card, other}, []openwork.Reply{button}},
		{dataEvent("click"), []openwork.Reply{text, other}, []openwork.Reply{button, card}},
		{textMessage("hello"), []openwork.Reply{text, other}, []openwork.Reply{button, card}},
		{dataEvent("brand_new"), []openwork.Reply{text, button, card, other}, nil},
		{command("change_auth"), nil, []openwork.Reply{text, button, card, other}},
	} {
		f := newFixture(t)
		edit := toCorp
		if strings.Contains(row.plaintext, "InfoType") {
			edit = func(*push) {}
		}
		msg, err := f.DecryptedMessage(newPush(row.plaintext, edit).request())
		require.NoError(t, err)
		for _, reply := range row.takes {
			_, err := f.Respond(msg, reply)
			assert.NoError(t, err, "%v to %s", reply, row.plaintext)
		}
		for _, reply := range row.not {
			_, err := f.Respond(msg, reply)
			assert.ErrorIs(t, err, openwork.ErrReplyNotAllowed, "%v to %s", reply, row.plaintext)
		}
	}
}

// cardClick is a member's click on a template card.
func cardClick(cardType string) string {
	return dataEvent("template_card_event", "CardType", cardType, "TaskId", "1", "AgentID", "218")
}

// A reply that cannot be sent is an error at once: 500, with an empty body, never plaintext; and the log says why.
func TestReplies_Errors(t *testing.T) {
	t.Parallel()
	const secret = "nobody's business"
	toMessage, toCard := newPush(textMessage("hello"), toCorp), newPush(cardClick(openwork.CardButtonInteraction), toCorp)
	for _, row := range []struct {
		what  string
		push  *push
		reply openwork.Reply
		says  string
		is    error
	}{
		{"to a command", newPush(command("change_auth")), openwork.Text(secret), "change_auth", openwork.ErrReplyNotAllowed},
		{"to a suite_ticket", newPush(ticketXML(testSuiteID, "a ticket", testNow)), openwork.Image(secret), "suite_ticket", openwork.ErrReplyNotAllowed},
		{"to an unknown command", newPush(command("brand_new")), openwork.Text(secret), "brand_new", openwork.ErrReplyNotAllowed},
		{"to an event that takes none", newPush(dataEvent("change_app_admin"), toCorp), openwork.News(openwork.Article{Title: secret}),
			"change_app_admin", openwork.ErrReplyNotAllowed},
		{"to an address-book event of a customized app", newPush(dataEvent("change_contact", "ChangeType", "create_user"), toCorp),
			openwork.UpdateButton(secret), "change_contact.create_user", openwork.ErrReplyNotAllowed},
		{"an invalid one to a command", newPush(command("change_auth")), openwork.Image(""), "change_auth", openwork.ErrReplyNotAllowed},
		{"image without an id", toMessage, openwork.Image(""), "MediaId", nil},
		{"voice without an id", toMessage, openwork.Voice(""), "MediaId", nil},
		{"video without an id", toMessage, openwork.Video("", secret, secret), "MediaId", nil},
		{"no articles", toMessage, openwork.News(), "Articles", nil},
		{"nine articles", toMessage, openwork.News(make([]openwork.Article, 9)...), "Articles", nil},
		{"button without a text", toCard, openwork.UpdateButton(""), "ReplaceName", nil},
		{"no card at all", toCard, openwork.UpdateTemplateCard(openwork.TemplateCard{}), "CardType", nil},
		{"XML of what XML can't hold", toMessage, openwork.XML(make(chan int)), "chan", nil},
		{"XML of nothing", toMessage, openwork.XML(nil), "XML", nil},
		{"XML of text", toMessage, openwork.XML(secret), "XML", nil},
		{"XML of several documents", toMessage, openwork.XML([]taskCardReply{{MsgType: "a"}, {MsgType: "b"}}), "XML", nil},
		{"XML with a MsgType in another case", toMessage, openwork.XML(struct {
			MsgType string `xml:"msgtype"`
		}{"text"}), "MsgType", nil},
		{"XML without a MsgType", toMessage, openwork.XML(taskCardReply{ReplaceName: secret}), "MsgType", nil},
		{"XML with a receiver of its own", toMessage, openwork.XML(struct{ ToUserName, MsgType string }{secret, "text"}), "ToUserName", nil},
		{"XML with a sender of its own", toMessage, openwork.XML(struct{ FromUserName, MsgType string }{secret, "text"}), "FromUserName", nil},
		{"XML with a time of its own", toMessage, openwork.XML(struct{ CreateTime, MsgType string }{secret, "text"}), "CreateTime", nil},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return row.reply, nil })
			resp, err := f.Serve(row.push.request())
			require.Nil(t, resp)
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), secret)
			if row.is != nil {
				require.ErrorIs(t, err, row.is)
			} else {
				require.NotErrorIs(t, err, openwork.ErrReplyNotAllowed)
			}
			require.Equal(t, http.StatusInternalServerError, openwork.StatusCode(err))

			f = newFixture(t)
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return row.reply, nil })
			w := f.do(row.push.request())
			require.Equal(t, http.StatusInternalServerError, w.Code)
			require.Empty(t, w.Body.String())
			require.Contains(t, f.log.String(), row.says)
			require.NotContains(t, f.log.String(), secret)
		})
	}
}

// Respond is as strict for those who answer by themselves, and Success is right for every push.
func TestReplies_Respond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for plaintext, receiveID := range map[string]string{
		command("change_auth"):                   testSuiteID,
		dataEvent("change_app_admin"):            testCorp,
		textMessage("hello"):                     testCorp,
		dataEvent("brand_new"):                   testCorp,
		command("brand_new", "UserID", "a user"): testSuiteID,
	} {
		msg, err := f.DecryptedMessage(newPush(plaintext, func(p *push) { p.ReceiveID = receiveID }).request())
		require.NoError(t, err)
		resp, err := f.Respond(msg, openwork.Success)
		require.NoError(t, err)
		require.Equal(t, "success", string(resp.Body))

		resp, err = f.Respond(msg, openwork.Text("hello"))
		switch msg.Name() {
		case "change_auth", "change_app_admin":
			require.ErrorIs(t, err, openwork.ErrReplyNotAllowed)
			require.Nil(t, resp)
		case event.NameMessageText:
			require.NoError(t, err)
			content, _ := refOpen(t, testKey, parseReply(t, resp.Body).Encrypt)
			require.Contains(t, content, "hello")
			resp, err = f.Respond(msg, openwork.Voice(""))
			require.ErrorContains(t, err, "MediaId")
			require.Nil(t, resp)
		}
	}
}

// The limits of template cards: each row breaks one of a card that is right, and the error names the field.
func TestReplies_CardLimits(t *testing.T) {
	t.Parallel()
	type card = openwork.TemplateCard
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, row := range []struct {
		what  string
		card  card
		edit  func(*card)
		field string // "": within the limits
	}{
		{"no type", textNotice(), func(c *card) { c.CardType = "" }, "CardType"},
		{"unknown type", textNotice(), func(c *card) { c.CardType = "text" }, "CardType"},
		{"colour 3", textNotice(), func(c *card) { c.Source.DescColor = 3 }, ""},
		{"colour 4", textNotice(), func(c *card) { c.Source.DescColor = 4 }, "DescColor"},
		{"colour -1", textNotice(), func(c *card) { c.Source.DescColor = -1 }, "DescColor"},
		{"no source", textNotice(), func(c *card) { c.Source = nil }, ""},

		{"6 pairs", textNotice(), func(c *card) { c.Horizontal = times(6, c.Horizontal[0]) }, ""},
		{"7 pairs", textNotice(), func(c *card) { c.Horizontal = times(7, c.Horizontal[0]) }, "HorizontalContentList"},
		{"7 pairs of buttons", buttonInteraction(), func(c *card) { c.Horizontal = times(7, c.Horizontal[0]) }, "HorizontalContentList"},
		{"7 pairs of news", newsNotice(), func(c *card) { c.Horizontal = times(7, c.Horizontal[0]) }, "HorizontalContentList"},
		{"no pairs", textNotice(), func(c *card) { c.Horizontal = nil }, ""},
		{"pair without a key", textNotice(), func(c *card) { c.Horizontal[1].KeyName = "" }, "HorizontalContentList.KeyName"},
		{"pair to no URL", textNotice(), func(c *card) { c.Horizontal[1].URL = "" }, "HorizontalContentList.Url"},
		{"pair to no file", textNotice(), func(c *card) { c.Horizontal[2].MediaID = "" }, "HorizontalContentList.MediaId"},
		{"pair to no member", textNotice(), func(c *card) { c.Horizontal[3].UserID = "" }, "HorizontalContentList.UserId"},
		{"pair of type 4", textNotice(), func(c *card) { c.Horizontal[1].Type = 4 }, "HorizontalContentList.Type"},
		{"pair of type -1", textNotice(), func(c *card) { c.Horizontal[1].Type = -1 }, "HorizontalContentList.Type"},
		{"3 jumps", textNotice(), func(c *card) { c.Jumps = times(3, c.Jumps[0]) }, ""},
		{"4 jumps", textNotice(), func(c *card) { c.Jumps = times(4, c.Jumps[0]) }, "JumpList"},
		{"4 jumps of news", newsNotice(), func(c *card) { c.Jumps = times(4, c.Jumps[0]) }, "JumpList"},
		{"jump to no URL", textNotice(), func(c *card) { c.Jumps[0].URL = "" }, "JumpList.Url"},
		{"jump to no mini program", textNotice(), func(c *card) { c.Jumps[1].AppID = "" }, "JumpList.AppId"},
		{"jump to nowhere", textNotice(), func(c *card) { c.Jumps[0] = openwork.CardJump{Title: "title"} }, ""},
		{"jump of type 3", textNotice(), func(c *card) { c.Jumps[0].Type = 3 }, "JumpList.Type"},
		{"jump without a title", textNotice(), func(c *card) { c.Jumps[0].Title = "" }, "JumpList.Title"},
		{"text notice without an action", textNotice(), func(c *card) { c.Action = nil }, "CardAction"},
		{"news notice without an action", newsNotice(), func(c *card) { c.Action = nil }, "CardAction"},
		{"buttons without an action", buttonInteraction(), func(c *card) { c.Action = nil }, ""},
		{"action to no mini program", textNotice(), func(c *card) { c.Action.AppID = "" }, "CardAction.AppId"},
		{"action to no URL", textNotice(), func(c *card) { c.Action.Type, c.Action.URL = 1, "" }, "CardAction.Url"},
		{"quotation of no mini program", textNotice(), func(c *card) { c.Quote.AppID = "" }, "QuoteArea.AppId"},
		{"image and text of no URL", newsNotice(), func(c *card) { c.ImageText.Type, c.ImageText.URL = 1, "" }, "ImageTextArea.Url"},
		{"neither title nor subtitle", textNotice(), func(c *card) { c.SubTitle, c.MainTitle.Title = "", "" }, "MainTitle.Title or SubTitleText"},
		{"no title", textNotice(), func(c *card) { c.MainTitle = nil }, ""},
		{"no subtitle", textNotice(), func(c *card) { c.SubTitle = "" }, ""},
		{"action of type 3", textNotice(), func(c *card) { c.Action.Type = 3 }, "CardAction.Type"},
		{"quotation of type 3", textNotice(), func(c *card) { c.Quote.Type = 3 }, "QuoteArea.Type"},
		{"10 menu items", textNotice(), func(c *card) { c.Menu.Actions = menuItems(10) }, ""},
		{"a menu key twice", textNotice(), func(c *card) { c.Menu.Actions[1].Key = c.Menu.Actions[0].Key }, "ActionList.Key"},
		{"11 menu items", textNotice(), func(c *card) { c.Menu.Actions = times(11, c.Menu.Actions[0]) }, "ActionList"},
		{"11 menu items of buttons", buttonInteraction(), func(c *card) { c.Menu.Actions = times(11, c.Menu.Actions[0]) }, "ActionList"},
		{"no menu items", textNotice(), func(c *card) { c.Menu.Actions = nil }, "ActionList"},
		{"menu key of 1024 bytes", textNotice(), func(c *card) { c.Menu.Actions[0].Key = long(1024) }, ""},
		{"menu key of 1025 bytes", textNotice(), func(c *card) { c.Menu.Actions[1].Key = long(1025) }, "ActionList.Key"},
		{"menu key of 342 characters, 1026 bytes", textNotice(), func(c *card) { c.Menu.Actions[0].Key = strings.Repeat("键", 342) }, "ActionList.Key"},
		{"menu item without a key", textNotice(), func(c *card) { c.Menu.Actions[0].Key = "" }, "ActionList.Key"},
		{"menu item without a text", textNotice(), func(c *card) { c.Menu.Actions[0].Text = "" }, "ActionList.Text"},

		{"4 vertical items", newsNotice(), func(c *card) { c.Vertical = times(4, c.Vertical[0]) }, ""},
		{"5 vertical items", newsNotice(), func(c *card) { c.Vertical = times(5, c.Vertical[0]) }, "VerticalContentList"},
		{"vertical item without a title", newsNotice(), func(c *card) { c.Vertical[0].Title = "" }, "VerticalContentList.Title"},
		{"image alone", newsNotice(), func(c *card) { c.ImageText = nil }, ""},
		{"image and text alone", newsNotice(), func(c *card) { c.CardImage = nil }, ""},
		{"no image", newsNotice(), func(c *card) { c.CardImage, c.ImageText = nil, nil }, "CardImage or ImageTextArea"},
		{"ratio 1.3", newsNotice(), func(c *card) { c.CardImage.AspectRatio = 1.3 }, ""},
		{"ratio 2.25", newsNotice(), func(c *card) { c.CardImage.AspectRatio = 2.25 }, ""},
		{"no ratio", newsNotice(), func(c *card) { c.CardImage.AspectRatio = 0 }, ""},
		{"ratio 1.29", newsNotice(), func(c *card) { c.CardImage.AspectRatio = 1.29 }, "CardImage.AspectRatio"},
		{"ratio 2.26", newsNotice(), func(c *card) { c.CardImage.AspectRatio = 2.26 }, "CardImage.AspectRatio"},
		{"image without a URL", newsNotice(), func(c *card) { c.CardImage.URL = "" }, "CardImage.Url"},
		{"image and text of type 3", newsNotice(), func(c *card) { c.ImageText.Type = 3 }, "ImageTextArea.Type"},
		{"image and text without an image", newsNotice(), func(c *card) { c.ImageText.ImageURL = "" }, "ImageTextArea.ImageUrl"},

		{"6 buttons", buttonInteraction(), func(c *card) { c.Buttons = times(6, c.Buttons[0]) }, ""},
		{"7 buttons", buttonInteraction(), func(c *card) { c.Buttons = times(7, c.Buttons[0]) }, "ButtonList"},
		{"no buttons", buttonInteraction(), func(c *card) { c.Buttons = nil }, "ButtonList"},
		{"style 4", buttonInteraction(), func(c *card) { c.Buttons[0].Style = 4 }, ""},
		{"style 5", buttonInteraction(), func(c *card) { c.Buttons[1].Style = 5 }, "ButtonList.Style"},
		{"style -1", buttonInteraction(), func(c *card) { c.Buttons[1].Style = -1 }, "ButtonList.Style"},
		{"button without a text", buttonInteraction(), func(c *card) { c.Buttons[0].Text = "" }, "ButtonList.Text"},
		{"button without a key", buttonInteraction(), func(c *card) { c.Buttons[0].Key = "" }, "ButtonList.Key"},
		{"button key of 1025 bytes", buttonInteraction(), func(c *card) { c.Buttons[0].Key = long(1025) }, "ButtonList.Key"},
		{"10 options beside buttons", buttonInteraction(), func(c *card) { c.ButtonSelection.Options = times(10, c.ButtonSelection.Options[0]) }, ""},
		{"11 options beside buttons", buttonInteraction(), func(c *card) { c.ButtonSelection.Options = times(11, c.ButtonSelection.Options[0]) }, "OptionList"},
		{"no options beside buttons", buttonInteraction(), func(c *card) { c.ButtonSelection.Options = nil }, "OptionList"},
		{"option id of 128 bytes", buttonInteraction(), func(c *card) { c.ButtonSelection.Options[0].ID = long(128) }, ""},
		{"option id of 129 bytes", buttonInteraction(), func(c *card) { c.ButtonSelection.Options[0].ID = long(129) }, "OptionList.Id"},
		{"option without a text", buttonInteraction(), func(c *card) { c.ButtonSelection.Options[0].Text = "" }, "OptionList.Text"},
		{"selection without a key", buttonInteraction(), func(c *card) { c.ButtonSelection.QuestionKey = "" }, "QuestionKey"},

		{"20 votes", voteInteraction(), func(c *card) { c.CheckBox.Options = times(20, c.CheckBox.Options[0]) }, ""},
		{"21 votes", voteInteraction(), func(c *card) { c.CheckBox.Options = times(21, c.CheckBox.Options[0]) }, "CheckBox.OptionList"},
		{"no votes", voteInteraction(), func(c *card) { c.CheckBox.Options = nil }, "CheckBox.OptionList"},
		{"vote id of 129 bytes", voteInteraction(), func(c *card) { c.CheckBox.Options[1].ID = long(129) }, "OptionList.Id"},
		{"mode 2", voteInteraction(), func(c *card) { c.CheckBox.Mode = 2 }, "CheckBox.Mode"},
		{"mode -1", voteInteraction(), func(c *card) { c.CheckBox.Mode = -1 }, "CheckBox.Mode"},
		{"vote without a key", voteInteraction(), func(c *card) { c.CheckBox.QuestionKey = "" }, "CheckBox.QuestionKey"},
		{"nothing to vote on", voteInteraction(), func(c *card) { c.CheckBox = nil }, "CheckBox"},
		{"nothing to submit a vote with", voteInteraction(), func(c *card) { c.Submit = nil }, "SubmitButton"},
		{"submit key of 1025 bytes", voteInteraction(), func(c *card) { c.Submit.Key = long(1025) }, "SubmitButton.Key"},
		{"submit button without a text", voteInteraction(), func(c *card) { c.Submit.Text = "" }, ""},
		{"submit button without a key", voteInteraction(), func(c *card) { c.Submit.Key = "" }, "SubmitButton.Key"},

		{"3 selections", multipleInteraction(), func(c *card) { c.Selects = times(3, c.Selects[0]) }, ""},
		{"4 selections", multipleInteraction(), func(c *card) { c.Selects = times(4, c.Selects[0]) }, "SelectList"},
		{"no selections", multipleInteraction(), func(c *card) { c.Selects = nil }, ""},
		{"10 options", multipleInteraction(), func(c *card) { c.Selects[1].Options = times(10, c.Selects[1].Options[0]) }, ""},
		{"11 options", multipleInteraction(), func(c *card) { c.Selects[1].Options = times(11, c.Selects[1].Options[0]) }, "OptionList"},
		{"selection's option without an id", multipleInteraction(), func(c *card) { c.Selects[1].Options[0].ID = "" }, "OptionList.Id"},
		{"nothing to submit selections with", multipleInteraction(), func(c *card) { c.Submit = nil }, "SubmitButton"},

		{"buttons in a text notice", textNotice(), func(c *card) { c.Buttons = buttonInteraction().Buttons }, "ButtonList"},
		{"image in a text notice", textNotice(), func(c *card) { c.CardImage = newsNotice().CardImage }, "CardImage"},
		{"image and text in a text notice", textNotice(), func(c *card) { c.ImageText = newsNotice().ImageText }, "ImageTextArea"},
		{"vertical items in a text notice", textNotice(), func(c *card) { c.Vertical = newsNotice().Vertical }, "VerticalContentList"},
		{"replace text in a text notice", textNotice(), func(c *card) { c.ReplaceText = "done" }, "ReplaceText"},
		{"jumps beside buttons", buttonInteraction(), func(c *card) { c.Jumps = textNotice().Jumps }, ""},
		{"jumps in a vote", voteInteraction(), func(c *card) { c.Jumps = textNotice().Jumps }, "JumpList"},
		{"emphasis beside buttons", buttonInteraction(), func(c *card) { c.Emphasis = textNotice().Emphasis }, "EmphasisContent"},
		{"selections beside buttons", buttonInteraction(), func(c *card) { c.Selects = multipleInteraction().Selects }, "SelectList"},
		{"submit button beside buttons", buttonInteraction(), func(c *card) { c.Submit = voteInteraction().Submit }, "SubmitButton"},
		{"subtitle in a vote", voteInteraction(), func(c *card) { c.SubTitle = "subtitle" }, "SubTitleText"},
		{"pairs in a vote", voteInteraction(), func(c *card) { c.Horizontal = textNotice().Horizontal }, "HorizontalContentList"},
		{"action in a vote", voteInteraction(), func(c *card) { c.Action = textNotice().Action }, "CardAction"},
		{"menu in a vote", voteInteraction(), func(c *card) { c.Menu = textNotice().Menu }, "ActionMenu"},
		{"quotation in selections", multipleInteraction(), func(c *card) { c.Quote = textNotice().Quote }, "QuoteArea"},
		{"vote in selections", multipleInteraction(), func(c *card) { c.CheckBox = voteInteraction().CheckBox }, "CheckBox"},
		{"button selection in selections", multipleInteraction(), func(c *card) { c.ButtonSelection = buttonInteraction().ButtonSelection },
			"ButtonSelection"},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			row.edit(&row.card)
			f := newFixture(t)
			msg, err := f.DecryptedMessage(newPush(dataEvent("template_card_event"), toCorp).request())
			require.NoError(t, err)
			resp, err := f.Respond(msg, openwork.UpdateTemplateCard(row.card))
			if row.field == "" {
				require.NoError(t, err)
				require.NotNil(t, resp)
				return
			}
			require.Nil(t, resp)
			require.ErrorContains(t, err, row.field)
			require.ErrorContains(t, err, "update_template_card")
			require.Less(t, len(err.Error()), 200, "the error holds the value")
			require.Equal(t, http.StatusInternalServerError, openwork.StatusCode(err))
		})
	}
}

// Least cards: what is optional may be left out, and then is not there at all.
func TestReplies_LeastCards(t *testing.T) {
	t.Parallel()
	for want, card := range map[string]openwork.TemplateCard{
		"<CardType>text_notice</CardType><SubTitleText>subtitle</SubTitleText><CardAction><Type>1</Type><Url>https://example.com</Url></CardAction>": {
			CardType: openwork.CardTextNotice, SubTitle: "subtitle", Action: &openwork.CardAction{Type: 1, URL: "https://example.com"}},
		"<CardType>news_notice</CardType><CardImage><Url>https://example.com/a.png</Url></CardImage>" +
			"<CardAction><Type>1</Type><Url>https://example.com</Url></CardAction>": {
			CardType: openwork.CardNewsNotice, CardImage: &openwork.CardImage{URL: "https://example.com/a.png"},
			Action: &openwork.CardAction{Type: 1, URL: "https://example.com"}},
		"<CardType>button_interaction</CardType><ButtonList><Text>ok</Text><Key>k</Key></ButtonList>": {
			CardType: openwork.CardButtonInteraction, Buttons: []openwork.CardButton{{Text: "ok", Key: "k"}}},
		"<CardType>vote_interaction</CardType><CheckBox><QuestionKey>q</QuestionKey><OptionList><Id>1</Id><Text>one</Text>" +
			"<IsChecked>false</IsChecked></OptionList><Mode>0</Mode></CheckBox><SubmitButton><Text>ok</Text><Key>k</Key></SubmitButton>": {
			CardType: openwork.CardVoteInteraction, Submit: &openwork.CardSubmit{Text: "ok", Key: "k"},
			CheckBox: &openwork.CardCheck{QuestionKey: "q", Options: []openwork.CardVote{{ID: "1", Text: "one"}}}},
		"<CardType>multiple_interaction</CardType><SelectList><QuestionKey>q</QuestionKey><OptionList><Id>1</Id><Text>one</Text>" +
			"</OptionList></SelectList><SubmitButton><Key>k</Key></SubmitButton>": {
			CardType: openwork.CardMultipleInteraction, Submit: &openwork.CardSubmit{Key: "k"},
			Selects: []openwork.CardSelect{{QuestionKey: "q", Options: []openwork.CardOption{{ID: "1", Text: "one"}}}}},
	} {
		message := openedReply(t, openwork.UpdateTemplateCard(card))
		_, body, found := strings.Cut(message, "</CreateTime>")
		require.True(t, found)
		assert.Equal(t, "<MsgType><![CDATA[update_template_card]]></MsgType><TemplateCard>"+want+"</TemplateCard></xml>", body)
	}
}

// taskCardReply is a reply that the package has no constructor for.
type taskCardReply struct {
	XMLName     xml.Name `xml:"xml"`
	MsgType     string   `xml:",omitempty"`
	ReplaceName string   `xml:"TaskCard>ReplaceName"`
}

// openedReply is what is in a reply to a text message, or to a click on a card, before it is sealed.
func openedReply(t *testing.T, reply openwork.Reply) string {
	t.Helper()
	f := newFixture(t)
	plaintext := textMessage("hello")
	if strings.Contains(fmt.Sprint(reply), "update_") {
		plaintext = cardClick(openwork.CardButtonInteraction)
	}
	msg, err := f.DecryptedMessage(newPush(plaintext, toCorp).request())
	require.NoError(t, err)
	resp, err := f.Respond(msg, reply)
	require.NoError(t, err)
	message, receiveID := refOpen(t, testKey, parseReply(t, resp.Body).Encrypt)
	require.Equal(t, testCorp, receiveID)
	return message
}

// menuItems are n items of a menu, each with a key of its own.
func menuItems(n int) []openwork.CardChoice {
	items := make([]openwork.CardChoice, n)
	for i := range items {
		items[i] = openwork.CardChoice{Text: "text", Key: fmt.Sprint("key", i)}
	}
	return items
}

func times[T any](n int, item T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = item
	}
	return all
}

// The cards have every field of their type.

func textNotice() openwork.TemplateCard {
	return openwork.TemplateCard{
		CardType:  openwork.CardTextNotice,
		Source:    &openwork.CardSource{IconURL: "https://example.com/icon.png?a=1&b=2", Desc: "企业微信 <1>", DescColor: 1},
		MainTitle: &openwork.CardTitle{Title: "欢迎 & welcome", Desc: "说明"},
		Emphasis:  &openwork.CardTitle{Title: "100", Desc: "核心数据"},
		Quote: &openwork.CardQuote{Type: 2, URL: "https://example.com/quote", AppID: "wxquote", PagePath: "/quote.html", Title: "引用",
			QuoteText: "第一行\n第二行"},
		SubTitle: "副标题",
		Horizontal: []openwork.CardHorizontal{
			{KeyName: "邀请人", Value: "张三"},
			{KeyName: "官网", Value: "点击访问", Type: 1, URL: "https://example.com"},
			{KeyName: "文件", Value: "a.pdf", Type: 2, MediaID: "media-id"},
			{KeyName: "成员", Value: "李四", Type: 3, UserID: "lisi"},
		},
		Jumps: []openwork.CardJump{
			{Type: 1, Title: "官网", URL: "https://example.com"},
			{Type: 2, Title: "小程序", AppID: "wxjump", PagePath: "/index.html"},
		},
		Action: &openwork.CardAction{Type: 2, URL: "https://example.com", AppID: "wxaction", PagePath: "/index.html"},
		Menu:   &openwork.CardMenu{Desc: "更多", Actions: []openwork.CardChoice{{Text: "接受", Key: "A"}, {Text: "不接受", Key: "B"}}},
	}
}

func newsNotice() openwork.TemplateCard {
	card := textNotice()
	card.CardType = openwork.CardNewsNotice
	card.CardImage = &openwork.CardImage{URL: "https://example.com/image.png", AspectRatio: 1.35}
	card.ImageText = &openwork.CardImageText{Type: 2, URL: "https://example.com/text", AppID: "wximage", PagePath: "/image.html", Title: "左图右文",
		Desc: "说明", ImageURL: "https://example.com/left.png"}
	card.Vertical = []openwork.CardTitle{{Title: "惊喜红包", Desc: "等你来拿"}, {Title: "只有标题"}}
	return card
}

func buttonInteraction() openwork.TemplateCard {
	card := textNotice()
	card.CardType, card.Emphasis, card.Jumps = openwork.CardButtonInteraction, nil, nil
	card.ButtonSelection = &openwork.CardSelect{QuestionKey: "q1", Title: "评分", SelectedID: "2", Disable: true,
		Options: []openwork.CardOption{{ID: "1", Text: "一"}, {ID: "2", Text: "二"}}}
	card.Buttons = []openwork.CardButton{{Text: "同意", Style: 1, Key: "yes"}, {Text: "拒绝", Style: 4, Key: "no"}}
	card.ReplaceText = "已处理"
	return card
}

func voteInteraction() openwork.TemplateCard {
	card := textNotice()
	return openwork.TemplateCard{
		CardType: openwork.CardVoteInteraction, Source: card.Source, MainTitle: card.MainTitle,
		CheckBox: &openwork.CardCheck{QuestionKey: "q1", Mode: 1, Disable: true,
			Options: []openwork.CardVote{{ID: "1", Text: "一", IsChecked: true}, {ID: "2", Text: "二"}}},
		Submit:      &openwork.CardSubmit{Text: "提交", Key: "submit"},
		ReplaceText: "已投票",
	}
}

func multipleInteraction() openwork.TemplateCard {
	card := textNotice()
	options := func() []openwork.CardOption {
		return []openwork.CardOption{{ID: "1", Text: "一"}, {ID: "2", Text: "二"}}
	}
	return openwork.TemplateCard{
		CardType: openwork.CardMultipleInteraction, Source: card.Source, MainTitle: card.MainTitle,
		Selects: []openwork.CardSelect{
			{QuestionKey: "q1", Title: "部门", SelectedID: "1", Options: options()},
			{QuestionKey: "q2", Title: "城市", SelectedID: "2", Disable: true, Options: options()},
		},
		Submit:      &openwork.CardSubmit{Text: "提交", Key: "submit"},
		ReplaceText: "已提交",
	}
}

// A reply that cannot be encrypted is an error, never plaintext.
func TestElsewhere_ReplyThatCannotBeSealed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("hello"), nil })
	openwork.SetServerRandom(f.Server, iotest.ErrReader(errors.New("no entropy")))
	w := f.do(newPush(textMessage("hi"), toCorp).request())
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Empty(t, w.Body.String())
}

// A type that a user chose is shown short and on one line, as all that is not
// ours.
func TestUpdateTemplateCard_TypeIsShownShort(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	msg, err := f.DecryptedMessage(newPush(dataEvent("template_card_event", "CardType", "text_notice"), toCorp).request())
	require.NoError(t, err)
	for _, rest := range []string{"", strings.Repeat("x", 100) + hiddenText} {
		_, err = f.Respond(msg, openwork.UpdateTemplateCard(openwork.TemplateCard{CardType: "A\nlevel=INFO" + rest}))
		require.ErrorContains(t, err, `A\nlevel=INFO`)
		require.NotContains(t, err.Error(), hiddenText)
	}
}
