package openworktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrNoURL is the error of a push that has nowhere to go: neither DeliverTo
// nor DeliverToURL was called.
var ErrNoURL = errors.New("openworktest: no callback URL: call DeliverTo or DeliverToURL")

// callback is a callback URL in the provider console: where pushes go, and the
// Token and EncodingAESKey beside it.
type callback struct {
	platform   *Platform
	id         string // names it among those of the platform
	token, key string

	handler http.Handler // of DeliverTo
	url     string       // of DeliverToURL
	path    string       // of SetPath
}

// newCallback makes a pair for a URL.
func (p *Platform) newCallback(id string) callback {
	return callback{platform: p, id: id, token: p.secret(20, "token", id), key: p.secret(43, "key", id), path: "/"}
}

// DeliverTo has what is pushed from now on delivered to a handler in this
// process, without a socket: a Server, a Mux, or a router with either inside.
// It panics for a nil handler.
func (c *callback) DeliverTo(handler http.Handler) {
	if handler == nil {
		panic("openworktest: nil handler")
	}
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	c.handler, c.url = handler, ""
}

// DeliverToURL has what is pushed from now on sent over HTTP. A literal
// $CORPID$ in the URL stands for the corp of the push, or for the provider's
// corpid while the URL is checked. Redirects are not followed. It panics for
// what is no http or https URL.
func (c *callback) DeliverToURL(callbackURL string) {
	u, err := url.Parse(callbackURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		panic(fmt.Sprintf("openworktest: %q is no http or https URL", callbackURL))
	}
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	c.handler, c.url = nil, callbackURL
}

// SetPath is what DeliverTo asks for, where the handler looks at that: a path,
// with or without a query. $CORPID$ in it is as for DeliverToURL. Default: /.
func (c *callback) SetPath(path string) {
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	c.path = path
}

// target sends requests to a callback URL.
type target struct {
	platform *Platform
	handler  http.Handler // nil: over HTTP
	url      string       // or the path, for the handler
}

// target is where a push for a corp goes.
func (c *callback) target(corpID string) (target, error) {
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	t := target{platform: c.platform, handler: c.handler, url: c.path}
	if c.handler == nil {
		t.url = c.url
	}
	if t.url == "" {
		return target{}, ErrNoURL
	}
	t.url = strings.ReplaceAll(t.url, "$CORPID$", corpID)
	return t, nil
}

// send makes one attempt, and waits for the answer no longer than limit.
func (t target) send(ctx context.Context, p Push, limit time.Duration) (*wireAnswer, error) {
	if t.handler == nil {
		return t.sendHTTP(ctx, p, limit)
	}
	p.Path = t.url
	return roundTrip(ctx, t.handler, p.Request(), newBody([]byte(p.Body), t.platform.config.BodyDelay), limit)
}

func (t target) sendHTTP(ctx context.Context, p Push, limit time.Duration) (*wireAnswer, error) {
	path, query, _ := strings.Cut(t.url, "?")
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoAnswer)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, p.Method, path+"?"+joinQuery(query, p.RawQuery), strings.NewReader(p.Body))
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Header, p.Header)
	resp, err := t.platform.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return nil, err
	}
	return &wireAnswer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// mostAnswer is more than the answer to any push has.
const mostAnswer = 1 << 20
