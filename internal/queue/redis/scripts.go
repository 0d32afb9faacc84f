package redis

import (
	"embed"
	"strconv"

	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/queue"
)

//go:embed *.lua
var sources embed.FS

// A script runs at one Redis key. Only claim.lua and peek.lua can run at several. A single server
// gets one call with the three keys of a page. It costs 1.3 times three ZPOPMIN; a pipeline of
// three calls costs 1.7 times that (bench -part redis). A cluster gets a call for each key, because
// scripts with several keys fail while their slot moves.
var (
	addScript        = load("add.lua")
	timeScript       = load("time.lua")
	claimScript      = load("claim.lua")
	confirmScript    = load("confirm.lua")
	confirmOneScript = load("confirm_one.lua")
	releaseScript    = load("release.lua")
	peekScript       = load("peek.lua")
	withdrawScript   = load("withdraw.lua")
	purgeScript      = load("purge.lua")
	viewsScript      = load("views.lua")
	newestScript     = load("newest.lua")
	dropScript       = load("drop.lua")
)

func load(name string) *lua.Script {
	return lua.Load(sources, name, "$VERSION", strconv.Itoa(queue.Version))
}
