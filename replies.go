package openwork

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/openwork-go/openwork/internal/xmlread"
)

// The messages that may answer a push: document/path/90377.

// The kinds of replies that takesReply tells from messages.
const (
	kindUpdateButton = "update_button"
	kindUpdateCard   = "update_template_card"
	kindXML          = "XML"
)

// Text answers with a text message; WeCom cuts it after 2048 bytes. Characters that XML can't carry are sent as U+FFFD.
func Text(content string) Reply {
	return newReply("text", textElement("Content", content))
}

// Image answers with an image that was uploaded as temporary media.
func Image(mediaID string) Reply {
	return newReply("image", "<Image>"+textElement("MediaId", mediaID)+"</Image>").require("MediaId", mediaID)
}

// Voice answers with a voice message that was uploaded as temporary media.
func Voice(mediaID string) Reply {
	return newReply("voice", "<Voice>"+textElement("MediaId", mediaID)+"</Voice>").require("MediaId", mediaID)
}

// Video answers with a video that was uploaded as temporary media. Title and description may be empty; WeCom cuts them
// after 128 and 512 bytes.
func Video(mediaID, title, description string) Reply {
	return newReply("video", "<Video>"+textElement("MediaId", mediaID)+textElement("Title", title)+
		textElement("Description", description)+"</Video>").require("MediaId", mediaID)
}

// Article is an item of News. WeCom cuts the title after 128 bytes and the description after 512. The picture, JPG or PNG,
// looks best at 640×320 for the first article and 80×80 for the others.
type Article struct{ Title, Description, PicURL, URL string }

// News answers with 1 to 8 articles.
func News(articles ...Article) Reply {
	const most = 8
	var b strings.Builder
	fmt.Fprintf(&b, "<ArticleCount>%d</ArticleCount><Articles>", len(articles))
	for _, a := range articles {
		b.WriteString("<item>" + textElement("Title", a.Title) + textElement("Description", a.Description) +
			textElement("PicUrl", a.PicURL) + textElement("Url", a.URL) + "</item>")
	}
	b.WriteString("</Articles>")
	r := newReply("news", b.String())
	if len(articles) == 0 || len(articles) > most {
		r.err = fmt.Errorf("%d Articles, not 1 to %d", len(articles), most)
	}
	return r
}

// UpdateButton answers a click on a template card: the clicker's button becomes inert and shows another text. Cards of the
// types button_interaction, vote_interaction and multiple_interaction have such buttons. WeCom may not look at this reply:
// the call message/update_template_card with the event's ResponseCode is the dependable way.
func UpdateButton(replaceName string) Reply {
	return newReply(kindUpdateButton, "<Button>"+textElement("ReplaceName", replaceName)+"</Button>").
		require("ReplaceName", replaceName)
}

// UpdateTemplateCard answers a click on a template card with another card for the clicker. What was said of UpdateButton
// holds here too.
func UpdateTemplateCard(card TemplateCard) Reply {
	if err := card.check(); err != nil {
		return Reply{kind: kindUpdateCard, err: err}
	}
	body, err := xml.Marshal(card)
	if err != nil {
		return Reply{kind: kindUpdateCard, err: err}
	}
	return newReply(kindUpdateCard, string(body))
}

// XML answers with any other message: a struct that encoding/xml can write, with MsgType and everything that belongs to it.
// ToUserName, FromUserName and CreateTime are added; the name of the struct's own element does not matter.
func XML(v any) Reply {
	document, err := xml.Marshal(v)
	if err != nil {
		return Reply{kind: kindXML, err: err}
	}
	text := string(document)
	parsed, err := xmlread.Parse(text, usualFields)
	if err != nil {
		return Reply{kind: kindXML, err: err}
	}
	for _, name := range []string{"ToUserName", "FromUserName", "CreateTime"} {
		if _, ok := parsed.Find(name); ok {
			return Reply{kind: kindXML, err: fmt.Errorf("%s is not the handler's to set", name)}
		}
	}
	if !hasMsgType(&parsed) {
		return Reply{kind: kindXML, err: errors.New("MsgType is missing")}
	}
	return Reply{kind: kindXML, body: text[strings.IndexByte(text, '>')+1 : strings.LastIndex(text, "</")]}
}

func hasMsgType(doc *xmlread.Document) bool {
	for i := range doc.Len() {
		if doc.Name(i) == "MsgType" && xmlread.Text(doc.Inner(i)) != "" {
			return true
		}
	}
	return false
}

func newReply(msgType, body string) Reply {
	return Reply{kind: msgType, body: textElement("MsgType", msgType) + body}
}

func (r Reply) require(field, value string) Reply {
	if value == "" {
		r.err = fmt.Errorf("%s is empty", field)
	}
	return r
}

// textElement is an element with any text.
func textElement(name, text string) string {
	return "<" + name + ">" + string(xmlread.AppendCDATA(nil, text)) + "</" + name + ">"
}
