package openwork_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/stretchr/testify/require"
)

func TestU6_TokenThatWasCopiedBadly(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{
		"a line end behind it":       testToken + "\n",
		"a line end of Windows":      testToken + "\r\n",
		"a blank in front":           " " + testToken,
		"a blank inside":             testToken[:4] + " " + testToken[4:],
		"a tab":                      testToken + "\t",
		"a byte order mark":          "\uFEFF" + testToken,
		"a no-break space":           testToken + "\u00A0",
		"a blank of full width":      testToken + "\u3000",
		"a character of zero width":  testToken + "\u200B",
		"a control character":        testToken + "\x00",
		"nothing but a line end":     "\n",
		"not ASCII":                  testToken + "令",
		"broken UTF-8":               testToken + "\xff",
		"a delete character, unseen": testToken + "\x7f",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openwork.NewServer(openwork.Config{SuiteID: testSuiteID, Token: token, EncodingAESKey: testKey})
			require.ErrorContains(t, err, "Token")
			require.NotContains(t, err.Error(), testToken[:4])
			_, err = openwork.NewServer(openwork.Config{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey,
				Previous: &openwork.Credentials{Token: token, EncodingAESKey: testKey}})
			require.ErrorContains(t, err, "Config.Previous")
			_, err = openwork.NewCrypto(token, testKey)
			require.Error(t, err)
		})
	}
}

func TestNewServer_SaysWhatIsWrongWithTheKey(t *testing.T) {
	t.Parallel()
	for key, says := range map[string]string{
		testKey + "=":       "a = at byte 44",
		testKey + "\n":      "a line end at byte 44",
		testKey + "\r\n":    "a line end at byte 44",
		" " + testKey:       "a blank at byte 1",
		`"` + testKey + `"`: "a quotation mark at byte 1",
		"\uFEFF" + testKey:  "a byte order mark at byte 1",
		testKey + "A":       "44 characters, not 43",
		testKey[:42]:        "42 characters, not 43",
		"":                  "0 characters, not 43",
	} {
		_, err := openwork.NewServer(openwork.Config{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: key})
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), testKey[1:20])
	}
}

func TestOnlyCorps(t *testing.T) {
	t.Parallel()
	ids := []string{"ww0000000000000001", "ww0000000000000002"}
	allow := openwork.OnlyCorps(ids...)
	ids[0] = "ww0000000000000009"
	for id, want := range map[string]bool{
		"ww0000000000000001": true, "ww0000000000000002": true, "ww0000000000000009": false, "": false,
		"WW0000000000000001": false, "ww00000000000000010": false,
	} {
		got, err := allow(context.Background(), id)
		require.NoError(t, err)
		require.Equal(t, want, got, id)
	}
	got, err := openwork.OnlyCorps()(context.Background(), "ww0000000000000001")
	require.NoError(t, err)
	require.False(t, got)
}

// A self-built app receives for its corp's own id: checks, events and messages.
func TestSelfBuiltApp(t *testing.T) {
	t.Parallel()
	const own, other = "ww5e1fb0170000app1", "ww5e1fb0170000app2"
	selfBuilt := func(cfg *openwork.Config) {
		cfg.SuiteID, cfg.ProviderCorpID = "", ""
		cfg.AllowCorp = openwork.OnlyCorps(own)
	}
	of := func(corp string) func(*push) { return func(p *push) { p.ReceiveID = corp } }
	text := func(corp string) string {
		return document("ToUserName", corp, "FromUserName", "zhangsan", "CreateTime", "1700000000", "MsgType", "text",
			"Content", "hello", "MsgId", "1", "AgentID", "1000002")
	}
	left := func(corp string) string {
		return document("ToUserName", corp, "FromUserName", "sys", "CreateTime", "1700000000", "MsgType", "event",
			"Event", "change_contact", "ChangeType", "delete_user", "UserID", "lisi")
	}

	f := newFixture(t, selfBuilt)
	w := f.do(newURLCheck("1616140317555161061", of(own)).request())
	require.Equal(t, http.StatusOK, w.Code, f.log.String())
	require.Equal(t, "1616140317555161061", w.Body.String())
	f.requireRefused(http.StatusForbidden, newURLCheck("1616140317555161061", of(other)).request())

	var deleted []string
	openwork.On(f.Server, func(msg *openwork.Message, e *event.DeleteUser, next openwork.Next) (openwork.Reply, error) {
		deleted = append(deleted, e.UserID+" of "+msg.CorpID)
		return next(msg)
	})
	f.requireSuccess(newPush(left(own), of(own)).request())
	require.Equal(t, []string{"lisi of " + own}, deleted)

	f.Handle("message.text", func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
		return openwork.Text("re: " + msg.Get("Content")), nil
	})
	w = f.do(newPush(text(own), of(own)).request())
	require.Equal(t, http.StatusOK, w.Code)
	reply, receiveID := refOpen(t, testKey, parseReply(t, w.Body.Bytes()).Encrypt)
	require.Contains(t, reply, "re: hello")
	require.Equal(t, own, receiveID)

	f.requireRefused(http.StatusForbidden, newPush(text(other), of(other)).request())
	f.requireRefused(http.StatusForbidden, newPush(left(other), of(own)).request())
	f.requireRefused(http.StatusForbidden, newPush(command("cancel_auth"), of(own)).request())
}
