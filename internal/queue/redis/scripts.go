package redis

import (
	"embed"
	"strconv"

	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/queue"
)

//go:embed *.lua
var sources embed.FS

// A script runs at one address, a sorted set. Scripts of several keys fail while a cluster moves
// their slot, so the two that can run at several addresses, claim.lua and peek.lua, get one in a
// cluster. At a single server they get all three of a page: that costs it 1.3 times what three
// ZPOPMIN cost, and a pipeline of scripts for one key each 1.7 times (bench -part redis).
var (
	addScript        = load("add.lua")
	claimScript      = load("claim.lua")
	confirmScript    = load("confirm.lua")
	confirmOneScript = load("confirm_one.lua")
	releaseScript    = load("release.lua")
	peekScript       = load("peek.lua")
	withdrawScript   = load("withdraw.lua")
	purgeScript      = load("purge.lua")
	viewsScript      = load("views.lua")
	dropScript       = load("drop.lua")
)

func load(name string) *lua.Script {
	return lua.Load(sources, name, "$VERSION", strconv.Itoa(queue.Version))
}
