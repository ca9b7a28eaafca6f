package openworktest_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The scheme of document/path/91144 by OpenSSL's command line: nothing here is
// ours but the order of the steps.

// openssl runs a command of OpenSSL's.
func openssl(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	command := exec.Command("openssl", args...)
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	require.NoError(t, err, args)
	return output
}

func requireOpenSSL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("openssl is not installed, and CI must not go without this proof")
	}
	t.Skip("openssl is not installed")
}

func opensslSign(t *testing.T, parts ...string) string {
	t.Helper()
	slices.Sort(parts)
	return hex.EncodeToString(openssl(t, []byte(strings.Join(parts, "")), "dgst", "-sha1", "-binary"))
}

// opensslCBC encrypts or decrypts whole blocks: base64 on the encrypted side.
func opensslCBC(t *testing.T, encodingAESKey string, input []byte, direction string) []byte {
	t.Helper()
	key := openssl(t, []byte(encodingAESKey+"="), "base64", "-d", "-A")
	require.Len(t, key, 32)
	return openssl(t, input, "enc", "-aes-256-cbc", direction, "-a", "-A", "-nopad",
		"-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(key[:16]))
}

// opensslOpen takes a frame apart that opensslCBC decrypted.
func opensslOpen(t *testing.T, encodingAESKey, encrypt string) (plaintext, receiveID string) {
	t.Helper()
	frame := opensslCBC(t, encodingAESKey, []byte(encrypt), "-d")
	require.Zero(t, len(frame)%32)
	pad := int(frame[len(frame)-1])
	require.True(t, pad >= 1 && pad <= 32, pad)
	require.Equal(t, bytes.Repeat([]byte{byte(pad)}, pad), frame[len(frame)-pad:])
	frame = frame[:len(frame)-pad]
	length := int(binary.BigEndian.Uint32(frame[16:20]))
	return string(frame[20 : 20+length]), string(frame[20+length:])
}

// What the platform pushes, OpenSSL verifies and reads: on each URL, and for
// each length of padding.
func TestOpenSSL_ReadsPushes(t *testing.T) {
	requireOpenSSL(t)
	ctx := t.Context()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 1})
	type received struct {
		query url.Values
		body  string
	}
	var last received
	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		last = received{r.URL.Query(), string(body)}
		_, _ = io.WriteString(w, "success")
	})
	verify := func(config openwork.Config, receiveID string) (plaintext string) {
		t.Helper()
		encrypt := last.query.Get("echostr")
		if last.body != "" {
			var envelope struct {
				Encrypt string `xml:"Encrypt"`
			}
			require.NoError(t, xml.Unmarshal([]byte(last.body), &envelope))
			encrypt = envelope.Encrypt
		}
		require.Equal(t, last.query.Get("msg_signature"),
			opensslSign(t, config.Token, last.query.Get("timestamp"), last.query.Get("nonce"), encrypt))
		plaintext, id := opensslOpen(t, config.EncodingAESKey, encrypt)
		require.Equal(t, receiveID, id)
		return plaintext
	}

	suite := wecom.NewSuite()
	suite.DeliverTo(receiver)
	_, err := suite.CheckURL(ctx)
	require.NoError(t, err)
	require.Regexp(t, `^\d{19}$`, verify(suite.Config(), suite.Config().ProviderCorpID))
	corp, _, err := suite.Install(ctx)
	require.NoError(t, err)
	require.Contains(t, verify(suite.Config(), suite.Config().SuiteID), "<InfoType><![CDATA[create_auth]]></InfoType>")
	for n := range 32 {
		text := "<xml>" + strings.Repeat("企", n) + strings.Repeat("x", n%3) + "</xml>"
		_, err := corp.PushXML(ctx, text)
		require.NoError(t, err)
		require.Equal(t, text, verify(suite.Config(), corp.ID()), n)
	}

	template := wecom.NewTemplate()
	template.DeliverTo(receiver)
	customer, _, err := template.Install(ctx)
	require.NoError(t, err)
	verify(template.Config(), template.Config().SuiteID)
	own := customer.OwnURL()
	own.DeliverTo(receiver)
	_, err = customer.Say(ctx, "lisi", "你好")
	require.NoError(t, err)
	require.Contains(t, verify(own.Config(), customer.ID()), "<Content><![CDATA[你好]]></Content>")

	provider := wecom.NewProvider()
	provider.DeliverTo(receiver)
	_, err = provider.PushXML(ctx, "<xml><ServiceCorpId>x</ServiceCorpId></xml>")
	require.NoError(t, err)
	verify(provider.Config(), provider.Config().ProviderCorpID)
}

// What OpenSSL seals, OpenReply reads; and nothing that differs in one part.
func TestOpenSSL_ReplyIsRead(t *testing.T) {
	requireOpenSSL(t)
	const text = "<xml><ToUserName>zhangsan</ToUserName><FromUserName>" + testCorp +
		"</FromUserName><CreateTime>1700000000</CreateTime><MsgType>text</MsgType><Content>hi</Content></xml>"
	frame := append([]byte("0123456789abcdef"), 0, 0, 0, byte(len(text)))
	frame = append(frame, text+testCorp...)
	pad := 32 - len(frame)%32
	frame = append(frame, bytes.Repeat([]byte{byte(pad)}, pad)...)
	encrypt := string(opensslCBC(t, testKey, frame, "-e"))
	body := fmt.Sprintf("<xml><Encrypt>%s</Encrypt><MsgSignature>%s</MsgSignature><TimeStamp>1700000000</TimeStamp>"+
		"<Nonce>n0nce</Nonce></xml>", encrypt, opensslSign(t, testToken, "1700000000", "n0nce", encrypt))

	reply, err := openworktest.OpenReply(testConfig, body)
	require.NoError(t, err)
	require.Equal(t, "hi", reply.Content)
	require.Equal(t, testCorp, reply.ReceiveID)
	require.Equal(t, text, reply.XML)
}
