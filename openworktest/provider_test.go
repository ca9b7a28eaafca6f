package openworktest_test

import (
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProvider(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		provider := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewProvider()
		server, err := openwork.NewServer(provider.Config())
		require.NoError(t, err)
		var last *openwork.Message
		server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			last = msg
			return next(msg)
		})
		provider.DeliverTo(server)
		requireAccepted(t)(provider.CheckURL(t.Context()))

		requireAccepted(t)(provider.Push(t.Context(), &event.LicensePaySuccess{OrderID: "OD1"}))
		assert.Equal(t, "license_pay_success", last.Name())
		assert.Equal(t, "OD1", last.Get("OrderId"))
		assert.Equal(t, provider.Config().ProviderCorpID, last.ReceiveID)
		assert.Equal(t, provider.Config().ProviderCorpID, last.Get("ServiceCorpId"))
		assert.Regexp(t, "^wp", last.CorpID)

		at := time.Now().Add(-time.Hour)
		requireAccepted(t)(provider.Push(t.Context(), &event.RegisterCorp{Head: event.Head{AuthCorpID: "wpacme000000000001", Time: at}}))
		assert.Equal(t, "wpacme000000000001", last.CorpID)
		assert.True(t, at.Equal(last.Time))

		answer, err := provider.Push(t.Context(), &event.LicensePaySuccess{Head: event.Head{ServiceCorpID: "ww0000000000000002"}})
		require.NoError(t, err)
		assert.Equal(t, 403, answer.Status)
		_, err = provider.Push(t.Context(), &event.CreateUser{})
		require.ErrorContains(t, err, "system event URL")
		answer, err = provider.PushXML(t.Context(), "no XML")
		require.NoError(t, err)
		assert.Equal(t, 400, answer.Status)

		client, err := openwork.NewClient(provider.ClientConfig())
		require.NoError(t, err)
		first, err := client.Provider().Token(t.Context())
		require.NoError(t, err)
		provider.EndToken()
		again, err := openwork.NewClient(provider.ClientConfig())
		require.NoError(t, err)
		second, err := again.Provider().Token(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, first, second)
	})
}
