package openwork

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// JSSignature is what a page needs for wx.config or wx.agentConfig of the JS-SDK, besides corpid and agentid.
type JSSignature struct {
	Timestamp int64  // unix seconds
	NonceStr  string // random
	Signature string // hexadecimal SHA-1
}

// JSAPITicket is the corp's jsapi_ticket, kept as the tokens are. See document/path/90506.
func (c *CorpClient) JSAPITicket(ctx context.Context) (string, error) {
	return c.client.corpTokens(c.corpID).jsapi.Token(ctx)
}

// AgentTicket is the app's ticket for wx.agentConfig, kept as the tokens are. See document/path/90506.
func (c *CorpClient) AgentTicket(ctx context.Context) (string, error) {
	return c.client.corpTokens(c.corpID).agent.Token(ctx)
}

// SignConfig signs a page's URL for wx.config; what follows a # does not count.
func (c *CorpClient) SignConfig(ctx context.Context, pageURL string) (*JSSignature, error) {
	return signPage(ctx, pageURL, c.JSAPITicket)
}

// SignAgentConfig signs a page's URL for wx.agentConfig; what follows a # does not count.
func (c *CorpClient) SignAgentConfig(ctx context.Context, pageURL string) (*JSSignature, error) {
	return signPage(ctx, pageURL, c.AgentTicket)
}

func signPage(ctx context.Context, pageURL string, ticket func(context.Context) (string, error)) (*JSSignature, error) {
	if pageURL == "" {
		return nil, errors.New("openwork: no page URL to sign")
	}
	value, err := ticket(ctx)
	if err != nil {
		return nil, err
	}
	s := &JSSignature{Timestamp: time.Now().Unix(), NonceStr: rand.Text()[:16]}
	s.Signature = jsSignature(value, s.NonceStr, s.Timestamp, pageURL)
	return s, nil
}

func jsSignature(ticket, nonce string, timestamp int64, pageURL string) string {
	pageURL, _, _ = strings.Cut(pageURL, "#")
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + strconv.FormatInt(timestamp, 10) +
		"&url=" + pageURL))
	return hex.EncodeToString(sum[:])
}

// ticket fetches a ticket of the JS-SDK.
func (c *CorpClient) ticket(ctx context.Context, path string, query url.Values) (newToken, error) {
	var answer struct {
		Ticket    string  `json:"ticket"`
		ExpiresIn seconds `json:"expires_in"`
	}
	if err := c.Get(ctx, path, query, &answer); err != nil {
		return newToken{}, fmt.Errorf("openwork: ticket of the JS-SDK: %w", err)
	}
	return newToken{value: answer.Ticket, life: answer.ExpiresIn.duration()}, nil
}
