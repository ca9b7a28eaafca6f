package openworktest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A router finds its way by the path, and $CORPID$ is the corp, as in the
// console.
func TestCallback_Path(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		seen := &recorder{}
		routes := http.NewServeMux()
		routes.Handle("/wecom/{corp}", seen)
		suite.DeliverTo(routes)
		answer, err := suite.PushXML(t.Context(), "<xml></xml>")
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotFound, answer.Status, "the default path is /")

		suite.SetPath("/wecom/$CORPID$?shop=7&corp=$CORPID$")
		corp := install(t, suite)
		requireAccepted(t)(corp.Say(t.Context(), "lisi", "hello"))
		_, err = suite.CheckURL(t.Context())
		require.NoError(t, err)
		requests := seen.all()
		require.Len(t, requests, 3)
		for i, id := range []string{corp.ID(), corp.ID(), suite.Config().ProviderCorpID} {
			assert.Equal(t, "/wecom/"+id, requests[i].path)
			assert.Equal(t, id, requests[i].query.Get("corp"))
			assert.Equal(t, "7", requests[i].query.Get("shop"))
			assert.NotEmpty(t, requests[i].query.Get("msg_signature"))
		}
	})
}

func TestCallback_Nowhere(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	suite := wecom.NewSuite()
	_, err := suite.CheckURL(t.Context())
	assert.ErrorIs(t, err, openworktest.ErrNoURL)
	_, err = suite.SendTicket(t.Context())
	assert.ErrorIs(t, err, openworktest.ErrNoURL)
	_, err = wecom.NewProvider().Push(t.Context(), &event.LicensePaySuccess{})
	assert.ErrorIs(t, err, openworktest.ErrNoURL)
	assert.Panics(t, func() { suite.DeliverTo(nil) })
	for _, url := range []string{"", "localhost:8080", "/wecom", "ftp://127.0.0.1/", "http://", "://"} {
		assert.Panics(t, func() { suite.DeliverToURL(url) }, url)
	}
}

// Over a real connection: the same requests, the same verdicts.
func TestCallback_OverHTTP(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
	app := newApp(t, suite)
	app.Handle("message.text", func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
		return openwork.Text("hello " + msg.FromUserName), nil
	})
	routes := http.NewServeMux()
	routes.Handle("/wecom/callback", app)
	routes.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/wecom/callback", http.StatusFound) })
	routes.HandleFunc("/broken", breakOff)
	hung := make(chan struct{})
	routes.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-hung:
		}
	})
	server := httptest.NewServer(routes)
	defer server.Close()
	defer close(hung)

	suite.DeliverToURL(server.URL + "/wecom/callback?corp=$CORPID$")
	requireAccepted(t)(suite.CheckURL(ctx))
	requireAccepted(t)(suite.SendTicket(ctx))
	corp := install(t, suite)
	answer := requireAccepted(t)(corp.Say(ctx, "lisi", "hi"))
	assert.Equal(t, "hello lisi", answer.Reply.Content)
	assert.NotZero(t, answer.Took)
	assert.Equal(t, []string{"suite_ticket", "suite_ticket", "create_auth", "message.text"}, app.names())

	suite.DeliverToURL(server.URL + "/moved")
	answer, err := suite.PushXML(ctx, "<xml></xml>")
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, answer.Status, "a redirect is not followed")
	assert.Equal(t, openworktest.ShownAsError, answer.Verdict)

	suite.DeliverToURL(server.URL + "/broken")
	answer, err = suite.PushXML(ctx, "<xml></xml>")
	require.NoError(t, err)
	assert.Equal(t, openworktest.GivenUp, answer.Verdict)
	assert.Equal(t, 3, answer.Attempts)

	suite.DeliverToURL(server.URL + "/hangs")
	answer, err = suite.PushXML(ctx, "<xml><InfoType>cancel_auth</InfoType></xml>")
	require.NoError(t, err)
	assert.Equal(t, openworktest.GivenUp, answer.Verdict)
	assert.GreaterOrEqual(t, answer.Took, time.Second)
	assert.Less(t, answer.Took, 4*time.Second)
	leaving, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = suite.PushXML(leaving, "<xml></xml>")
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	suite.DeliverTo(app)
	requireAccepted(t)(suite.SendTicket(ctx))
}
