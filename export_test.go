package openwork

import (
	"io"
	"time"
)

// SetClock makes the Server that is built from the Config ask now for the time.
func (c *Config) SetClock(now func() time.Time) { c.now = now }

// SetRandom makes Seal take its 16 random bytes from r.
func SetRandom(c *Crypto, r io.Reader) { c.random = r }

// SetServerRandom makes the Server's replies take their random bytes from r.
func SetServerRandom(s *Server, r io.Reader) { s.crypto.random = r }

// Entries is how many entries the cache holds, expired ones included.
func Entries(c *MemoryCache) int { return c.entries.ItemCount() }
