package openwork

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/xmlread"
)

// Reply is a handler's answer to a push. The zero value, Success, answers "success" and is right for every push; Text and
// the like answer a member's message, or one of the events of document/path/90377, with a message of the app. A Reply that
// WeCom would not take is an error when it is sealed. A Reply never changes and may be used again and by several
// goroutines.
type Reply struct {
	kind string // "": success
	body string // the XML after CreateTime
	err  error  // why it cannot be sent
}

// Format shows the kind of reply, not its content.
func (r Reply) Format(f fmt.State, _ rune) {
	kind := r.kind
	if kind == "" {
		kind = "success"
	}
	_, _ = fmt.Fprintf(f, "openwork.Reply{%s}", kind)
}

// Success answers "success": the push is handled, there is nothing to say.
var Success Reply

// Response is the answer to send for a push, in whatever framework the request came through.
type Response struct {
	StatusCode int
	Header     http.Header // what Send adds is not among it: Content-Length, and Content-Type where it is text/plain
	Body       []byte
}

// Send writes the response: headers, status, body. The error is the writer's.
func (r *Response) Send(w http.ResponseWriter) error {
	header := w.Header()
	for name, values := range r.Header {
		header[name] = append([]string(nil), values...)
	}
	if len(r.Body) > 0 && header["Content-Type"] == nil {
		header["Content-Type"] = []string{"text/plain; charset=utf-8"}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(r.Body))}
	w.WriteHeader(r.StatusCode)
	if len(r.Body) == 0 {
		return nil
	}
	if _, err := w.Write(r.Body); err != nil {
		return fmt.Errorf("openwork: send response: %w", err)
	}
	return nil
}

// success is the answer to nearly every push, in one piece of memory but for the header.
func success() *Response {
	const text = "success"
	r := &struct {
		Response
		body [len(text)]byte
	}{Response: Response{StatusCode: http.StatusOK, Header: http.Header{}}}
	copy(r.body[:], text)
	r.Body = r.body[:]
	return &r.Response
}

func newResponse(body []byte) *Response {
	return &Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body}
}

// Respond seals a reply to a message that DecryptedMessage gave: encrypted for the receive id the message came with, and
// signed, with the pair it came with. It returns ErrReplyNotAllowed for a reply other than Success to a push that takes
// none: those of the command and system event URLs, and events other than those of document/path/90377; and for one of another
// kind than the push takes: UpdateButton and UpdateTemplateCard go to clicks on template cards, and messages do not. A reply
// that is beyond WeCom's limits is an error that names the field.
func (s *Server) Respond(msg *Message, reply Reply) (*Response, error) {
	if reply.kind == "" {
		return success(), nil
	}
	if !takesReply(msg, reply.kind) {
		return nil, fmt.Errorf("openwork: %s reply to %s: %w", reply.kind, show(msg.Name()), ErrReplyNotAllowed)
	}
	if reply.err != nil {
		return nil, fmt.Errorf("openwork: %s reply: %w", reply.kind, reply.err)
	}
	crypto := msg.crypto
	if crypto == nil {
		crypto = s.crypto
	}
	now := strconv.FormatInt(s.now().Unix(), 10)
	ciphertext, err := crypto.Seal(reply.document(msg, now), msg.ReceiveID)
	if err != nil {
		return nil, err
	}
	nonce := rand.Text()[:16]
	envelope := fmt.Appendf(nil, "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature>"+
		"<TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>",
		ciphertext, crypto.Sign(now, nonce, ciphertext), now, nonce)
	resp := newResponse(envelope)
	resp.Header.Set("Content-Type", "text/xml; charset=utf-8")
	return resp, nil
}

// document is the reply before it is sealed; sender and receiver have changed places.
func (r Reply) document(msg *Message, now string) []byte {
	b := []byte("<xml><ToUserName>")
	b = xmlread.AppendCDATA(b, msg.FromUserName)
	b = append(b, "</ToUserName><FromUserName>"...)
	b = xmlread.AppendCDATA(b, msg.ToUserName)
	return append(b, "</FromUserName><CreateTime>"+now+"</CreateTime>"+r.body+"</xml>"...)
}

// takesReply tells whether WeCom looks at a reply of that kind to the push: to messages, and to the events it lists. What is
// not in the catalogue may have been added to the list.
func takesReply(msg *Message, kind string) bool {
	if msg.InfoType != "" || msg.MsgType == "" || msg.FromUserName == "" {
		return false
	}
	isUpdate := kind == kindUpdateButton || kind == kindUpdateCard
	switch name := msg.Name(); name {
	case event.NameTemplateCardEvent:
		hasButton := !slices.Contains(noticeCards, msg.Get("CardType"))
		return kind == kindUpdateCard || kind == kindXML || kind == kindUpdateButton && hasButton
	case event.NameTemplateCardMenuEvent:
		return kind != kindUpdateButton
	case event.NameSubscribe, event.NameEnterAgent, event.NameLocation, event.NameClick, event.NameView,
		event.NameViewMiniprogram, event.NameScancodeWaitmsg, event.NameUnlicensedNotify, event.NameRespondSchedule:
		return !isUpdate
	default:
		if msg.MsgType != msgTypeEvent {
			return !isUpdate
		}
		return event.New(name) == nil
	}
}
