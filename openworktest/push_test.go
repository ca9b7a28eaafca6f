package openworktest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testToken = "QDG6eKtestToken"
	testKey   = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	testSuite = "ww1a2b3c4d5e6f7a8b"
	testCorp  = "wpcustomer00000001"
)

var testConfig = openwork.Config{SuiteID: testSuite, Token: testToken, EncodingAESKey: testKey, ProviderCorpID: "wwprovider00000001"}

// The published vectors come out byte for byte, given their random prefix.
func TestPush_PublishedVectors(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "vectors", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 5)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			v := readVector(t, path)
			p := openworktest.Push{Method: v["method"], Token: v["token"], EncodingAESKey: v["encoding-aes-key"],
				Plaintext: v["plaintext"], ReceiveID: v["receiveid"], Random: v["random"], Timestamp: v["timestamp"],
				Nonce: v["nonce"]}.Complete()
			assert.Equal(t, v["encrypt"], p.Encrypt)
			assert.Equal(t, v["msg_signature"], p.Signature)

			r := p.Request()
			query := url.Values{"msg_signature": {v["msg_signature"]}, "timestamp": {v["timestamp"]}, "nonce": {v["nonce"]}}
			if v["method"] == http.MethodGet {
				query.Set("echostr", v["encrypt"])
			} else {
				body, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				assert.Contains(t, string(body), v["encrypt"])
			}
			assert.Equal(t, query, r.URL.Query())
			assert.Equal(t, v["method"], r.Method)
		})
	}
}

// readVector reads a file of testdata/vectors; encrypt is what its body or
// echostr holds.
func readVector(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(file), "\n\n")
	require.True(t, ok)
	v := map[string]string{}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		v[name] = value
	}
	parts := regexp.MustCompile(`(?ms)^-- (echostr|body) --\n(.*)\n-- plaintext --\n(.*)\n\z`).FindStringSubmatch(rest)
	require.NotNil(t, parts, path)
	v["encrypt"], v["plaintext"] = parts[2], parts[3]
	if parts[1] == "body" {
		encrypt := regexp.MustCompile(`[0-9A-Za-z+/]{80,}=*`).FindString(parts[2])
		require.NotEmpty(t, encrypt, path)
		v["encrypt"] = encrypt
	}
	return v
}

// A Server takes what NewRequest makes, of text and of bytes.
func TestNewRequest(t *testing.T) {
	t.Parallel()
	const text = `<xml><SuiteId>` + testSuite + `</SuiteId><InfoType>cancel_auth</InfoType><AuthCorpId>` + testCorp +
		`</AuthCorpId><TimeStamp>1700000000</TimeStamp></xml>`
	server, err := openwork.NewServer(testConfig)
	require.NoError(t, err)
	for _, r := range []*http.Request{
		openworktest.NewRequest(testConfig, text, testSuite),
		openworktest.NewRequest(testConfig, []byte(text), testSuite),
	} {
		msg, err := server.DecryptedMessage(r)
		require.NoError(t, err)
		assert.Equal(t, text, string(msg.Raw()))
		assert.Equal(t, testSuite, msg.ReceiveID)
	}
	_, err = server.DecryptedMessage(openworktest.NewRequest(testConfig, text, "ww0000000000000002"))
	assert.ErrorIs(t, err, openwork.ErrReceiveID)
}

// Each part that is set stays as it is, and what depends on it follows.
func TestPush_PartsThatAreSet(t *testing.T) {
	t.Parallel()
	server, err := openwork.NewServer(testConfig)
	require.NoError(t, err)
	valid := openworktest.Push{Token: testToken, EncodingAESKey: testKey, ReceiveID: testSuite,
		Plaintext: `<xml><SuiteId>` + testSuite + `</SuiteId><InfoType>corp_arch_auth</InfoType></xml>`}
	serve := func(p openworktest.Push) int {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, p.Request())
		return w.Code
	}
	require.Equal(t, http.StatusOK, serve(valid))
	for name, row := range map[string]struct {
		edit func(*openworktest.Push)
		want int
	}{
		"method":     {func(p *openworktest.Push) { p.Method = http.MethodPut }, http.StatusMethodNotAllowed},
		"token":      {func(p *openworktest.Push) { p.Token = "another" }, http.StatusForbidden},
		"key":        {func(p *openworktest.Push) { p.EncodingAESKey = strings.Repeat("x", 43) }, http.StatusForbidden},
		"receive id": {func(p *openworktest.Push) { p.ReceiveID = "ww0000000000000002" }, http.StatusForbidden},
		"random":     {func(p *openworktest.Push) { p.Random = "0123456789abcdef" }, http.StatusOK},
		"frame": {func(p *openworktest.Push) {
			p.Frame = p.Complete().Frame
			p.Frame[len(p.Frame)-1] = 33
		}, http.StatusForbidden},
		"encrypt":   {func(p *openworktest.Push) { p.Encrypt = "AAAA" }, http.StatusBadRequest},
		"timestamp": {func(p *openworktest.Push) { p.Timestamp = "1" }, http.StatusForbidden},
		"nonce":     {func(p *openworktest.Push) { p.Nonce = strings.Repeat("9", 33) }, http.StatusBadRequest},
		"signature": {func(p *openworktest.Push) { p.Signature = strings.Repeat("0", 40) }, http.StatusForbidden},
		"query":     {func(p *openworktest.Push) { p.RawQuery = "timestamp=1" }, http.StatusBadRequest},
		"body":      {func(p *openworktest.Push) { p.Body = "<xml/>" }, http.StatusBadRequest},
		"header":    {func(p *openworktest.Push) { p.Header = http.Header{"Content-Encoding": {"gzip"}} }, http.StatusUnsupportedMediaType},
		"path":      {func(p *openworktest.Push) { p.Path = "/wecom?corp=1" }, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			p := valid
			row.edit(&p)
			assert.Equal(t, row.want, serve(p))
		})
	}

	p := valid
	p.Path, p.ToUserName, p.AgentID = "/wecom?corp=1", "someone", "218"
	p = p.Complete()
	r := p.Request()
	assert.Equal(t, "/wecom", r.URL.Path)
	assert.Equal(t, "1", r.URL.Query().Get("corp"))
	assert.Equal(t, p.Signature, r.URL.Query().Get("msg_signature"))
	assert.Equal(t, "corp=1&"+p.RawQuery, r.URL.RawQuery)
	assert.Equal(t, r.URL.RequestURI(), r.RequestURI)
	p.Path = "/"
	assert.Equal(t, p.RawQuery, p.Request().URL.RawQuery)
	assert.Contains(t, p.Body, "<ToUserName><![CDATA[someone]]></ToUserName><AgentID><![CDATA[218]]></AgentID>")
	assert.NotEqual(t, p.Nonce, valid.Complete().Nonce, "by chance")
	assert.NotEqual(t, p.Random, valid.Complete().Random)
}

func TestPush_Panics(t *testing.T) {
	t.Parallel()
	assert.Panics(t, func() { openworktest.NewRequest(openwork.Config{EncodingAESKey: testKey}, "x", testSuite) }, "no Token")
	for _, key := range []string{"", testKey[:42], testKey + "A", strings.Repeat("-", 43)} {
		assert.Panics(t, func() {
			openworktest.NewRequest(openwork.Config{Token: testToken, EncodingAESKey: key}, "x", testSuite)
		}, key)
	}
	assert.Panics(t, func() {
		openworktest.Push{Token: testToken, EncodingAESKey: testKey, Frame: make([]byte, 17)}.Complete()
	})
}
