package openwork_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// benchPushes are distinct address-book events with a plaintext of about the given size, sealed and signed.
func benchPushes(count, size int) []*push {
	pushes := make([]*push, count)
	for i := range pushes {
		event := command("change_contact", "ChangeType", "create_user", "UserID", fmt.Sprintf("zhangsan%06d", i),
			"OpenUserID", "woAJ2GCAAAXtWyujaWJHDDGi0mACHHaa", "Name", "张三", "Department", "1,2,3", "MainDepartment", "1",
			"IsLeaderInDept", "1,0,0", "DirectLeader", "lisi,wangwu", "Mobile", "11111111111", "Position", "产品经理",
			"Gender", "1", "Email", "zhangsan@example.com", "BizMail", "zhangsan@qyycs2.example.com", "Status", "1",
			"Avatar", "http://wx.qlogo.cn/mmopen/ajNVdqHZLLA3WJ6DSZUfiakYe37PKnQhBIeOQBO4czqrnZDS79FH5Wm5m4X69TBicnHFlhiafvDwklOpZeXYQQ2icg/0",
			"Alias", "zhangsan", "Telephone", "020-111111", "Address", "")
		pad := max(0, size-len(event)-len("<Address></Address>"))
		event = strings.Replace(event, "<Address><![CDATA[]]>", "<Address><![CDATA["+strings.Repeat("x", pad)+"]]>", 1)
		pushes[i] = newPush(event, func(p *push) { p.Nonce = fmt.Sprintf("%010d", i) }).parts()
	}
	return pushes
}

// replayer turns one push after the other into a request, at as little cost as it can.
type replayer struct {
	pushes   []*push
	requests []*http.Request
	next     atomic.Int64
}

func newReplayer(pushes []*push) *replayer {
	r := &replayer{pushes: pushes, requests: make([]*http.Request, len(pushes))}
	for i, p := range pushes {
		r.requests[i] = p.request()
	}
	return r
}

type body struct{ strings.Reader }

func (*body) Close() error { return nil }

func (r *replayer) request() *http.Request {
	i := int(r.next.Add(1)-1) % len(r.pushes)
	request := *r.requests[i]
	b := &body{}
	b.Reset(r.pushes[i].Body)
	request.Body = b
	return &request
}

func benchServer(b *testing.B, handlers int, edits ...func(*openwork.Config)) *openwork.Server {
	cfg := openwork.Config{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, MaxBodyBytes: 4 << 20,
		Logger: slog.New(slog.DiscardHandler)}
	cfg.SetClock(func() time.Time { return testNow })
	for _, edit := range edits {
		edit(&cfg)
	}
	server, err := openwork.NewServer(cfg)
	require.NoError(b, err)
	server.HandleUserCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		if msg.Get("UserID") == "" || msg.Get("Department") == "" || msg.Get("Alias") == "" {
			panic("a field is missing")
		}
		return next(msg)
	})
	for i := range handlers - 1 {
		server.Handle(fmt.Sprintf("event%d", i), func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			return next(msg)
		})
	}
	return server
}

const benchCount = 4096

// BenchmarkCryptoFloor is what no receiver can do without: SHA-1 over the parameters, base64, AES-256-CBC, in memory that
// is used again.
func BenchmarkCryptoFloor(b *testing.B) {
	pushes := benchPushes(benchCount, 1024)
	key := refKey(testKey)
	block, err := aes.NewCipher(key)
	require.NoError(b, err)
	var joined, data []byte
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		p := pushes[i%len(pushes)]
		parts := [4]string{p.Token, p.Timestamp, p.Nonce, p.Encrypt}
		slices.Sort(parts[:])
		joined = joined[:0]
		for _, part := range parts {
			joined = append(joined, part...)
		}
		sum := sha1.Sum(joined)
		var given [sha1.Size]byte
		if hex.Decode(given[:], []byte(p.Signature)); sum != given {
			b.Fatal("signature")
		}
		data = slices.Grow(data[:0], base64.StdEncoding.DecodedLen(len(p.Encrypt)))
		n, err := base64.StdEncoding.Decode(data[:cap(data)], []byte(p.Encrypt))
		if err != nil {
			b.Fatal(err)
		}
		cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(data[:n], data[:n])
		if data[:n][n-1] > 32 {
			b.Fatal("padding")
		}
	}
}

// benchServe serves the pushes over and over, each time with a new Server, to which they are no copies.
func benchServe(b *testing.B, newServer func() *openwork.Server, r *replayer) {
	server := newServer()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i > 0 && i%len(r.pushes) == 0 {
			b.StopTimer()
			server = newServer()
			b.StartTimer()
		}
		if _, err := server.Serve(r.request()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServe is one push of 1 KiB from http.Request to Response, with a handler that reads three fields.
func BenchmarkServe(b *testing.B) {
	benchServe(b, func() *openwork.Server { return benchServer(b, 1) }, newReplayer(benchPushes(benchCount, 1024)))
}

// BenchmarkServe200Handlers is the same beside 199 handlers for other events.
func BenchmarkServe200Handlers(b *testing.B) {
	benchServe(b, func() *openwork.Server { return benchServer(b, 200) }, newReplayer(benchPushes(benchCount, 1024)))
}

// BenchmarkServeSize shows that the cost grows with the message and no faster.
func BenchmarkServeSize(b *testing.B) {
	for _, kib := range []int{1, 16, 256, 1024} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			b.SetBytes(int64(kib) << 10)
			benchServe(b, func() *openwork.Server { return benchServer(b, 1) }, newReplayer(benchPushes(64, kib<<10)))
		})
	}
}

// BenchmarkServeParallel runs on all cores at once.
func BenchmarkServeParallel(b *testing.B) {
	// Copies would be answered sooner than distinct pushes, so this runs without telling them apart.
	server, r := benchServer(b, 1, func(c *openwork.Config) { c.NoDedupe = true }), newReplayer(benchPushes(benchCount, 1024))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := server.Serve(r.request()); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkLoopback is the whole way over HTTP, beside a handler that reads the body and answers success.
func BenchmarkLoopback(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "success")
	})
	for name, handler := range map[string]http.Handler{
		"bare": bare, "Server": benchServer(b, 1, func(c *openwork.Config) { c.NoDedupe = true })} {
		b.Run(name, func(b *testing.B) {
			listener := httptest.NewServer(handler)
			defer listener.Close()
			pushes := benchPushes(benchCount, 1024)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				p := pushes[i%len(pushes)]
				resp, err := listener.Client().Post(listener.URL+"/?"+p.RawQuery, "text/xml", bytes.NewReader([]byte(p.Body)))
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					b.Fatal(resp.Status)
				}
			}
		})
	}
}
