package openwork_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// Nothing that holds a secret shows it, however it is printed or logged.
func TestPrinting_ShowsNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3tValueThatNobodyMaySee"
	crypto, err := openwork.NewCrypto(secret, testKey)
	require.NoError(t, err)
	server, err := openwork.NewServer(openwork.Config{SuiteID: testSuiteID, Token: secret, EncodingAESKey: testKey})
	require.NoError(t, err)
	require.NoError(t, server.Tickets().PutTicket(context.Background(), testSuiteID, openwork.SuiteTicket{Value: secret}))
	for name, value := range map[string]any{
		"Config":              openwork.Config{Token: secret, EncodingAESKey: secret, Previous: &openwork.Credentials{Token: secret}},
		"Credentials":         openwork.Credentials{Token: secret, EncodingAESKey: secret},
		"Crypto":              crypto,
		"Server":              server,
		"TicketStore":         server.Tickets(),
		"SuiteTicket":         openwork.SuiteTicket{Value: secret},
		"Reply":               openwork.Text(secret),
		"Delivery":            openwork.Delivery{Plaintext: []byte(secret)},
		"Authorization":       openwork.Authorization{PermanentCode: secret, AccessToken: secret},
		"ClientConfig":        openwork.ClientConfig{SuiteSecret: secret, ProviderSecret: secret},
		"provider token":      openwork.ProviderAccessTokenConfig{Secret: secret},
		"suite token":         openwork.SuiteAccessTokenConfig{Secret: secret},
		"corp token":          openwork.CorpAccessTokenConfig{PermanentCode: secret},
		"a pointer to one":    &openwork.SuiteAccessTokenConfig{Secret: secret},
		"several in a struct": struct{ A, B any }{openwork.Text(secret), server},
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				require.NotContains(t, fmt.Sprintf(verb, value), secret, verb)
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
			require.NotContains(t, log.String(), secret)
		})
	}
}
