package recipes

import (
	"context"
	"strings"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// TenantKey is a Config.SessionKey for users who are logged in, at paths that begin with /:tenant.
// Other middleware has checked that the user belongs to the tenant.
func TenantKey(c *gin.Context) (string, error) {
	user, ok := sessions.Default(c).Get("user").(string)
	if !ok {
		return "", nil // nobody, so no messages
	}
	return c.Param("tenant") + "/" + user, nil
}

// Tenants keeps the messages of each tenant in a store of its own.
type Tenants struct {
	Of     map[string]flashgin.Store
	Others flashgin.Store
}

func (t Tenants) of(session string) flashgin.Store {
	tenant, _, _ := strings.Cut(session, "/")
	if store, ok := t.Of[tenant]; ok {
		return store
	}
	return t.Others
}

// Add is a method of flashgin.Store, as are those that follow.
func (t Tenants) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	return t.of(session).Add(ctx, session, msgs...)
}

func (t Tenants) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	return t.of(session).Claim(ctx, session, views, lease)
}

func (t Tenants) Confirm(ctx context.Context, claim flashgin.Claim) error {
	return t.of(claim.Session).Confirm(ctx, claim)
}

func (t Tenants) Release(ctx context.Context, claim flashgin.Claim) error {
	return t.of(claim.Session).Release(ctx, claim)
}

func (t Tenants) Peek(
	ctx context.Context, session string, views []string,
) (flashgin.Messages, error) {
	return t.of(session).Peek(ctx, session, views)
}

func (t Tenants) Withdraw(ctx context.Context, session, view, key string) error {
	return t.of(session).Withdraw(ctx, session, view, key)
}

// OnError lets the stores report what they skip and drop.
func (t Tenants) OnError(report func(context.Context, error)) {
	for _, store := range t.Of {
		reportTo(store, report)
	}
	reportTo(t.Others, report)
}

func reportTo(store flashgin.Store, report func(context.Context, error)) {
	if store, ok := store.(interface {
		OnError(func(context.Context, error))
	}); ok {
		store.OnError(report)
	}
}
