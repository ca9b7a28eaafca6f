package openworktest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
)

// Reply is a passive reply: what an app answers a member's message with. See
// document/path/90377.
type Reply struct {
	ToUserName   string // the member
	FromUserName string // the corp
	CreateTime   time.Time
	MsgType      string
	Content      string // of a text
	ReceiveID    string // whom it is made for
	XML          string // all of it
}

// Decode reads the reply into a struct with xml tags, as encoding/xml does.
func (r *Reply) Decode(v any) error { return xml.Unmarshal([]byte(r.XML), v) }

// OpenReply verifies and decrypts a passive reply, the body of an answer, with
// the Token and the EncodingAESKey of config. It fails for a body that WeCom
// would not take: another signature, key or envelope, or no message in it.
func OpenReply[Body ~string | ~[]byte](config openwork.Config, body Body) (*Reply, error) {
	return openReply(config.Token, config.EncodingAESKey, string(body))
}

func openReply(token, encodingAESKey, body string) (*Reply, error) {
	var envelope struct {
		XMLName   xml.Name `xml:"xml"`
		Encrypt   string   `xml:"Encrypt"`
		Signature string   `xml:"MsgSignature"`
		Timestamp string   `xml:"TimeStamp"`
		Nonce     string   `xml:"Nonce"`
	}
	if err := xml.Unmarshal([]byte(body), &envelope); err != nil {
		return nil, fmt.Errorf("openworktest: the answer is no envelope of a reply: %w", err)
	}
	for _, part := range []struct{ name, value string }{{"Encrypt", envelope.Encrypt},
		{"MsgSignature", envelope.Signature}, {"TimeStamp", envelope.Timestamp}, {"Nonce", envelope.Nonce}} {
		if part.value == "" {
			return nil, fmt.Errorf("openworktest: the envelope of the reply has no %s", part.name)
		}
	}
	if sign(token, envelope.Timestamp, envelope.Nonce, envelope.Encrypt) != envelope.Signature {
		return nil, errors.New("openworktest: the reply is not signed with this Token")
	}
	text, receiveID, ok := decrypt(encodingAESKey, envelope.Encrypt)
	if !ok {
		return nil, errors.New("openworktest: the reply is not encrypted with this EncodingAESKey")
	}
	var message struct {
		XMLName      xml.Name `xml:"xml"`
		ToUserName   string
		FromUserName string
		CreateTime   int64
		MsgType      string
		Content      string
	}
	if err := xml.NewDecoder(strings.NewReader(text)).Decode(&message); err != nil {
		return nil, fmt.Errorf("openworktest: the reply does not hold a message: %w", err)
	}
	if message.ToUserName == "" || message.FromUserName == "" || message.CreateTime == 0 || message.MsgType == "" {
		return nil, errors.New("openworktest: the reply lacks ToUserName, FromUserName, CreateTime or MsgType")
	}
	return &Reply{ToUserName: message.ToUserName, FromUserName: message.FromUserName,
		CreateTime: time.Unix(message.CreateTime, 0), MsgType: message.MsgType, Content: message.Content,
		ReceiveID: receiveID, XML: text}, nil
}
