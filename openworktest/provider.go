package openworktest

import (
	"context"
	"fmt"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
)

// Provider is the provider's own system event URL (系统事件接收URL): it gets
// what concerns no suite, such as paid licences. Make one with
// Platform.NewProvider; it is safe for concurrent use.
type Provider struct {
	callback
	corpID string
}

// NewProvider makes a system event URL of the provider whose the suites are.
// For a ProviderCorpID, a Token or a key that are fixed elsewhere, edit the
// Config that it is made from. It panics for a key of another shape.
func (p *Platform) NewProvider(edits ...func(*openwork.Config)) *Provider {
	v := &Provider{callback: p.newCallback("provider" + p.next("provider"))}
	config := openwork.Config{Token: v.token, EncodingAESKey: v.key, ProviderCorpID: p.providerCorpID}
	for _, edit := range edits {
		edit(&config)
	}
	keyOf(config.EncodingAESKey)
	if config.ProviderCorpID == "" || config.Token == "" {
		panic("openworktest: a provider without ProviderCorpID or Token")
	}
	v.corpID, v.token, v.key = config.ProviderCorpID, config.Token, config.EncodingAESKey
	p.mu.Lock()
	defer p.mu.Unlock()
	p.providers[v.corpID] = true
	return v
}

// providerSecret is the provider_secret of a corpid.
func (p *Platform) providerSecret(corpID string) string {
	return p.secret(43, "provider_secret", corpID)
}

// Format shows the id, not the secrets.
func (v *Provider) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openworktest.Provider{%s}", v.corpID)
}

// Config is what the provider console says: ProviderCorpID, Token and
// EncodingAESKey. All else is left to the caller, a Cache too.
func (v *Provider) Config() openwork.Config {
	return openwork.Config{Token: v.token, EncodingAESKey: v.key, ProviderCorpID: v.corpID}
}

// ClientConfig is for a Client of the provider alone, which calls the platform
// in process. Suite.ClientConfig is for the provider too.
func (v *Provider) ClientConfig() openwork.ClientConfig {
	return openwork.ClientConfig{ProviderCorpID: v.corpID, ProviderSecret: v.platform.providerSecret(v.corpID),
		HTTPClient: v.platform.HTTPClient()}
}

// CheckURL does what the console does when the URL is saved: a GET with an
// echo that is made for the provider's corpid and must come back within a
// second.
func (v *Provider) CheckURL(ctx context.Context) (Answer, error) {
	return v.newCheck(v.corpID, v.corpID).run(ctx)
}

// Push pushes a system event. The corp that it concerns is that of the event's
// Head, AuthCorpID; without one it is a corp that nobody knows.
func (v *Provider) Push(ctx context.Context, e event.Event) (Answer, error) {
	p := v.platform
	text, _, err := document(e, ofProvider, head{providerCorpID: v.corpID, corpID: "wp" + p.letters(30, "corp", "of no suite"),
		from: "sys", at: p.now()})
	if err != nil {
		return Answer{}, err
	}
	return v.PushXML(ctx, text)
}

// PushXML pushes any text to the system event URL, made for the provider.
func (v *Provider) PushXML(ctx context.Context, xml string) (Answer, error) {
	return v.newDelivery(xml, v.corpID, v.corpID, "", true).run(ctx)
}

// EndToken ends the provider_access_token before its time, as WeCom may: it is
// answered 40014 from now on.
func (v *Provider) EndToken() {
	v.platform.endTokens(func(t *token) bool { return t.kind == providerToken && t.corpID == v.corpID })
}
