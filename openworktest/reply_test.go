package openworktest_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const memberText = `<xml><ToUserName>` + testCorp + `</ToUserName><FromUserName>zhangsan</FromUserName>` +
	`<CreateTime>1700000000</CreateTime><MsgType>text</MsgType><Content>hello</Content><MsgId>1</MsgId></xml>`

// repliedBody is the body with which a Server answers a member's text.
func repliedBody(t *testing.T, reply openwork.Reply) string {
	t.Helper()
	server, err := openwork.NewServer(testConfig)
	require.NoError(t, err)
	server.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return reply, nil })
	w := httptest.NewRecorder()
	server.ServeHTTP(w, openworktest.NewRequest(testConfig, memberText, testCorp))
	require.Equal(t, 200, w.Code)
	return w.Body.String()
}

func TestOpenReply(t *testing.T) {
	t.Parallel()
	reply, err := openworktest.OpenReply(testConfig, []byte(repliedBody(t, openwork.Text("<b> & 你好"))))
	require.NoError(t, err)
	assert.Equal(t, "zhangsan", reply.ToUserName)
	assert.Equal(t, testCorp, reply.FromUserName)
	assert.Equal(t, "text", reply.MsgType)
	assert.Equal(t, "<b> & 你好", reply.Content)
	assert.Equal(t, testCorp, reply.ReceiveID)
	assert.WithinDuration(t, time.Now(), reply.CreateTime, time.Minute)

	reply, err = openworktest.OpenReply(testConfig, repliedBody(t, openwork.Image("media-1")))
	require.NoError(t, err)
	assert.Equal(t, "image", reply.MsgType)
	var image struct {
		MediaID string `xml:"Image>MediaId"`
	}
	require.NoError(t, reply.Decode(&image))
	assert.Equal(t, "media-1", image.MediaID)
}

// Each row breaks one thing of a right reply.
func TestOpenReply_Refuses(t *testing.T) {
	t.Parallel()
	body := repliedBody(t, openwork.Text("hi"))
	replace := func(element, value string) func(*openwork.Config, *string) {
		return func(_ *openwork.Config, body *string) {
			before, rest, _ := strings.Cut(*body, "<"+element+">")
			_, after, ok := strings.Cut(rest, "</"+element+">")
			require.True(t, ok, element)
			*body = before + "<" + element + ">" + value + "</" + element + ">" + after
		}
	}
	for name, edit := range map[string]func(*openwork.Config, *string){
		"another Token":     func(c *openwork.Config, _ *string) { c.Token = "another" },
		"another key":       func(c *openwork.Config, _ *string) { c.EncodingAESKey = strings.Repeat("x", 43) },
		"another nonce":     replace("Nonce", "another"),
		"another time":      replace("TimeStamp", "1"),
		"another signature": replace("MsgSignature", strings.Repeat("0", 40)),
		"no signature":      replace("MsgSignature", ""),
		"no nonce":          replace("Nonce", ""),
		"no time":           replace("TimeStamp", ""),
		"no ciphertext":     replace("Encrypt", ""),
		"success":           func(_ *openwork.Config, body *string) { *body = "success" },
		"empty":             func(_ *openwork.Config, body *string) { *body = "" },
		"cut":               func(_ *openwork.Config, body *string) { *body = (*body)[:len(*body)/2] },
		"the text itself":   func(_ *openwork.Config, body *string) { *body = memberText },
	} {
		t.Run(name, func(t *testing.T) {
			config, body := testConfig, body
			edit(&config, &body)
			reply, err := openworktest.OpenReply(config, body)
			require.Error(t, err)
			assert.Nil(t, reply)
		})
	}
}

// A reply without one of the parts that are signed is none, even if the
// signature is right; and the error says what is wrong.
func TestOpenReply_Parts(t *testing.T) {
	t.Parallel()
	crypto, err := openwork.NewCrypto(testToken, testKey)
	require.NoError(t, err)
	ciphertext, err := crypto.Seal([]byte("<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><CreateTime>1</CreateTime>"+
		"<MsgType>text</MsgType></xml>"), testCorp)
	require.NoError(t, err)
	open := func(config openwork.Config, timestamp, nonce string) error {
		_, err := openworktest.OpenReply(config, "<xml><Encrypt>"+ciphertext+"</Encrypt><MsgSignature>"+
			crypto.Sign(timestamp, nonce, ciphertext)+"</MsgSignature><TimeStamp>"+timestamp+"</TimeStamp><Nonce>"+nonce+"</Nonce></xml>")
		return err
	}
	require.NoError(t, open(testConfig, "1700000000", "n0nce"))
	assert.ErrorContains(t, open(testConfig, "", "n0nce"), "TimeStamp")
	assert.ErrorContains(t, open(testConfig, "1700000000", ""), "Nonce")
	another := testConfig
	another.EncodingAESKey = strings.Repeat("x", 43)
	assert.ErrorContains(t, open(another, "1700000000", "n0nce"), "EncodingAESKey")
}

// What is inside must be a message from the corp to the member.
func TestOpenReply_RefusesContents(t *testing.T) {
	t.Parallel()
	const whole = "<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>"
	open := func(p openworktest.Push) error {
		p.Token, p.EncodingAESKey, p.ReceiveID = testToken, testKey, testCorp
		p = p.Complete()
		_, err := openworktest.OpenReply(testConfig, "<xml><Encrypt>"+p.Encrypt+"</Encrypt><MsgSignature>"+p.Signature+
			"</MsgSignature><TimeStamp>"+p.Timestamp+"</TimeStamp><Nonce>"+p.Nonce+"</Nonce></xml>")
		return err
	}
	require.NoError(t, open(openworktest.Push{Plaintext: whole}))
	for _, element := range []string{"ToUserName", "FromUserName", "CreateTime", "MsgType"} {
		before, rest, _ := strings.Cut(whole, "<"+element+">")
		_, after, _ := strings.Cut(rest, "</"+element+">")
		assert.Error(t, open(openworktest.Push{Plaintext: before + after}), element)
	}
	assert.Error(t, open(openworktest.Push{Plaintext: "hello"}))
	frame := openworktest.Push{Token: testToken, EncodingAESKey: testKey, Plaintext: whole, ReceiveID: testCorp}.Complete().Frame
	for name, edit := range map[string]func([]byte) []byte{
		"padding of 0":           func(f []byte) []byte { f[len(f)-1] = 0; return f },
		"padding of 33":          func(f []byte) []byte { f[len(f)-1] = 33; return f },
		"padding not uniform":    func(f []byte) []byte { f[len(f)-2]++; return f },
		"length beyond the end":  func(f []byte) []byte { f[16] = 0xFF; return f },
		"too short for a length": func([]byte) []byte { return []byte(strings.Repeat("\x20", 32)) },
		"half a block":           func(f []byte) []byte { return f[16:] },
	} {
		assert.Error(t, open(openworktest.Push{Frame: edit(append([]byte(nil), frame...))}), name)
	}
}
