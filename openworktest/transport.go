package openworktest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// inProcess is an http.RoundTripper that calls the platform without a socket.
type inProcess struct{ platform *Platform }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	incoming := httptest.NewRequest(r.Method, "/", bytes.NewReader(body))
	incoming.URL.Path, incoming.URL.RawPath, incoming.URL.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
	incoming.RequestURI, incoming.Host = incoming.URL.RequestURI(), r.URL.Host
	incoming.Header = r.Header.Clone()
	answer, err := roundTrip(r.Context(), t.platform, incoming, newBody(body, 0), 0)
	if err != nil {
		return nil, err
	}
	return &http.Response{Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.header, Body: io.NopCloser(bytes.NewReader(answer.body)),
		ContentLength: int64(len(answer.body)), Request: r}, nil
}
