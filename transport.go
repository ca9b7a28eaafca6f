package openwork

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/openwork-go/openwork/internal/jsontext"
	"github.com/openwork-go/openwork/internal/redact"
)

// RoundTripper attaches the token to the requests of an http.Client of one's
// own, and repeats a request once if WeCom's answer says that the token is no
// longer good and the request's body can be had again (http.Request.GetBody).
// It sends to the host of ClientConfig.BaseURL only. WeCom's answers are
// returned as they are: what they say of a corp's authorisation is the caller's
// to see, and no permanent code is looked up again. It is safe for concurrent
// use.
//
// The token is in no request or error that the http.Client shows, and not in
// the Location of a redirect either. A redirect to another host is refused.
func (c Caller) RoundTripper() http.RoundTripper { return tokenTransport{c} }

type tokenTransport struct{ caller Caller }

// RoundTrip implements http.RoundTripper.
func (t tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	closeBody := func() {
		if r.Body != nil {
			_ = r.Body.Close()
		}
	}
	if base := t.caller.api.base; r.URL.Scheme != base.Scheme || r.URL.Host != base.Host {
		closeBody()
		return nil, fmt.Errorf("openwork: tokens are for %s://%s, not for %s", base.Scheme, base.Host, r.URL.Host)
	}
	ctx := r.Context()
	token, err := t.caller.Token(ctx)
	if err != nil {
		closeBody()
		return nil, err
	}
	response, err := t.send(r, token, r.Body)
	if err != nil {
		return nil, err
	}
	if !isTokenCode(peekCode(response)) {
		return response, nil
	}
	_ = t.caller.Invalidate(ctx, token)
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return response, nil
	}
	if token, err = t.caller.Token(ctx); err != nil {
		return response, nil // WeCom's answer says more than this error
	}
	body := io.ReadCloser(http.NoBody)
	if r.GetBody != nil {
		if body, err = r.GetBody(); err != nil {
			return response, nil
		}
	}
	_ = response.Body.Close()
	return t.send(r, token, body)
}

// send sends a copy of the request, and shows the caller its own: the copy has
// the token in its URL.
func (t tokenTransport) send(r *http.Request, token string, body io.ReadCloser) (*http.Response, error) {
	signed := r.Clone(r.Context())
	signed.Body = body
	query := withoutParameter(r.URL.RawQuery, t.caller.parameter)
	if query != "" {
		query += "&"
	}
	signed.URL.RawQuery = query + t.caller.parameter + "=" + url.QueryEscape(token)
	transport := t.caller.api.client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := transport.RoundTrip(signed)
	if err != nil {
		return nil, redact.Error(err, []string{token})
	}
	response.Request = r
	t.hideToken(response.Header, token)
	return response, nil
}

// hideToken takes the token out of where a redirect leads: http.Client puts
// that into its errors, and asks for it again.
func (t tokenTransport) hideToken(header http.Header, token string) {
	const name = "Location"
	target := header.Get(name)
	if target == "" {
		return
	}
	if before, query, ok := strings.Cut(target, "?"); ok {
		query, fragment, hasFragment := strings.Cut(query, "#")
		target = before + "?" + withoutParameter(query, t.caller.parameter)
		if hasFragment {
			target += "#" + fragment
		}
	}
	header.Set(name, redact.Text(target, []string{token}))
}

// withoutParameter is a query as it was written, without one parameter.
func withoutParameter(query, name string) string {
	var rest []string
	for pair := range strings.SplitSeq(query, "&") {
		if key, _, _ := strings.Cut(pair, "="); pair != "" && key != name {
			rest = append(rest, pair)
		}
	}
	return strings.Join(rest, "&")
}

// peekCode is the errcode of a JSON answer, which can still be read afterwards;
// 0 if there is none.
func peekCode(response *http.Response) int {
	const most = 64 << 10
	kind := response.Header.Get("Content-Type")
	if !strings.Contains(kind, "json") && !strings.HasPrefix(kind, "text/") || response.ContentLength > most {
		return 0
	}
	start, err := io.ReadAll(io.LimitReader(response.Body, most))
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), response.Body), response.Body}
	if err != nil {
		return 0
	}
	head, _ := headOf(jsontext.Mend(start))
	return head.Code
}
