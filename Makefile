# A fresh machine needs Python ≥ 3.11 (with venv and pip) and make; every target sets up the rest.

PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done),python3)
ARGS ?=
PYTEST_ARGS ?=
LOCK_ARGS ?=
SEEDS ?= $(or $(SEED),1)
TICKETS ?= 10000

# What asks the services and the worker in its own process, where their commits can be failed.
SUITE := $(wildcard tests/dispatch tests/intake tests/matters tests/reconcile tests/rulings tests/scoring)

# Two at a time, each with servers of its own: half of a test is waiting for them. How soon all
# recovers is measured where the machine is ours alone, by `make recovery`.
SIDE_BY_SIDE := -n 2 --dist loadfile --ignore=tests/recovery

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE = $(wildcard services shared migrations tests bench)

unexport PYTHONHOME PYTHONPATH
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install up demo test check canary fuzz mutations sbom licences secrets vulnerabilities format chain clocks stateful feed storm control faulty callbacks reconcile recovery isolation upgrade docs views scores bench lock clean

# The stamp names the environment it was made for. A moved folder or a broken interpreter no
# longer answers with that name, and the environment is made anew.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(shell $(BIN)/python -c 'import sys; print(sys.prefix)' 2>/dev/null))
.PHONY: $(STAMP)
endif

define USABLE
import pathlib, sys, pip
stamp = pathlib.Path("$(STAMP)")
moved = stamp.exists() and stamp.read_text().strip() != sys.prefix
sys.exit(moved or sys.version_info < (3, 11))
endef
export USABLE

help: ## 列出全部命令
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## 建立 .venv 并按 requirements.lock 安装，命令在 .venv/bin/minhu
	@echo "已就绪：$(BIN)/minhu"

up: $(STAMP) ## 启动自带的 Postgres、Redis 和全部服务，Ctrl-C 停止（ARGS="--sandbox"）
	@$(BIN)/minhu up $(ARGS)

demo: $(STAMP) ## 在沙箱里重放模拟的 2022 年，最后打印考核榜
	@$(BIN)/minhu demo $(ARGS)

test: $(STAMP) ## 运行全部测试（PYTEST_ARGS="-k 名称"）
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST_ARGS)

check: $(STAMP) ## CI 所做的一切：格式、ruff、mypy strict、导入契约、密钥、物料清单、测试
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.supply.secrets
	$(BIN)/python -m tests.supply.sbom
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST_ARGS)

fuzz: $(STAMP) ## 依接口文档向三个接口各发一万次请求，无服务错误、无不合文档（CASES=10000 SEED=1）
	@$(BIN)/python -m tests.fuzz --cases $(or $(CASES),10000) --seed $(or $(SEED),1)

mutations: $(STAMP) ## 逐一改坏副本，攻击测试须逐一察觉；中断后接着做（ARGS="--only signing"）
	@$(BIN)/python -m tests.hostile $(ARGS)

sbom: $(STAMP) ## 写出物料清单 build/sbom.cdx.json（CycloneDX），同一份锁文件逐字节相同
	@$(BIN)/python -m tests.supply.sbom

licences: $(STAMP) ## 列出每个依赖的版本与许可
	@$(BIN)/python -m tests.supply.licences

secrets: $(STAMP) ## 在文件和历次提交里查找密钥
	@$(BIN)/python -m tests.supply.secrets

vulnerabilities: $(STAMP) ## 查询锁定的版本有无已知漏洞（须能访问外网）
	@$(BIN)/python -m pip install --quiet pip-audit
	@$(BIN)/python -m tests.supply.vulnerabilities

format: $(STAMP) ## 整理格式和 import 顺序
	$(BIN)/ruff check --select I --fix-only .
	$(BIN)/ruff format .

stateful: $(STAMP) ## 随机操作两万步，每一步后核对不变的规矩（约十分钟）
	@MINHU_STEPS=20000 $(BIN)/python -m pytest tests/stateful $(PYTEST_ARGS)

feed: $(STAMP) ## 二十个连接写三万行，读者不漏不重（朴素的游标漏多少也一并列出）
	@MINHU_ROWS=30000 $(BIN)/python -m pytest tests/scoring/test_crowd.py $(PYTEST_ARGS)

reconcile: $(STAMP) ## 一万张工单里藏五十处出入，对账须恰好找出五十处（SEED=12345）
	@MINHU_TICKETS=10000 MINHU_GAPS=50 MINHU_SEED=$(or $(SEED),12345) $(BIN)/python -m pytest tests/reconcile/test_gaps.py $(PYTEST_ARGS)

storm: $(STAMP) ## 各种故障之下一万件工单不丢、不重、不乱，每个种子至多十分钟（SEEDS="1 2 3" TICKETS=10000）
	@$(BIN)/python -m tests.storm --seed $(SEEDS) --tickets $(TICKETS) $(ARGS)

control: $(STAMP) ## 同一场风暴之下，常见写法的 arq 消费者丢多少、重多少，与民呼并列（TICKETS=10000，ARGS="--alone"）
	@$(BIN)/python -m tests.storm.control --seed $(or $(SEED),1) --tickets $(TICKETS) $(ARGS)

faulty: $(STAMP) ## 全部测试，其间百分之一的提交失败或丢了答复（SEED=1，PYTEST_ARGS="tests/dispatch"）
	@MINHU_FAULTY="seed=$(or $(SEED),1),rate=0.01" $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(or $(PYTEST_ARGS),$(SUITE))

canary: $(STAMP) ## 一万个虚构市民走遍各条路，再到日志、库、消息、导出里逐一查找，须为零（CANARIES=10000）
	@$(BIN)/python -m tests.canary --people $(or $(CANARIES),10000) $(ARGS)

recovery: $(STAMP) ## 后台进程被杀、Redis 离线十分钟、Postgres 离线一分钟，多久恢复，丢了什么（约十七分钟）
	@MINHU_REDIS_SECONDS=600 MINHU_POSTGRES_SECONDS=60 MINHU_KEYS=200 MINHU_FEED_TICKETS=5000 \
		$(BIN)/python -m pytest tests/recovery/*.py $(PYTEST_ARGS)

isolation: $(STAMP) ## 两个局一万次交错请求共用几条连接，其间断开、杀连接，外来的行须为零（SEED=20261123）
	@MINHU_REQUESTS=10000 MINHU_SEED=$(or $(SEED),20261123) $(BIN)/python -m pytest tests/isolation/test_pool.py $(PYTEST_ARGS)

upgrade: $(STAMP) ## 负载之下由一版滚动升到下一版，每步之间四百次请求：无人被拒，一件不丢
	@MINHU_REQUESTS=400 $(BIN)/python -m pytest tests/upgrade $(PYTEST_ARGS)

docs: $(STAMP) ## 由代码重写 docs/states.md（状态图、操作、时限）
	@$(BIN)/python -m tests.house.states

views: $(STAMP) ## 由指标目录写出报表视图的语句，指标有变时贴入新的迁移
	@$(BIN)/python -m services.scoring.exports.views

callbacks: $(STAMP) ## 五千次回调送往时好时坏的接收端，两个后台进程中途杀掉一个，一件不丢、逐件有序
	@MINHU_CALLBACKS=5000 $(BIN)/python -m pytest tests/callbacks $(PYTEST_ARGS)

chain: $(STAMP) ## 一百万条查阅记录的链一分钟内核验完，一千种篡改逐一发现并指明（约十五分钟）
	@MINHU_AUDIT_LENGTH=1000000 MINHU_AUDIT_ROWS=10000 MINHU_TAMPERINGS=1000 MINHU_SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest tests/audit/test_size.py tests/audit/test_chain.py $(PYTEST_ARGS)

clocks: $(STAMP) ## 以独立的逐分钟表核对十万例时限，另逐步推算两千例
	@$(BIN)/python -m tests.clocks

scores: $(STAMP) ## 以独立的慢算核对五百件随机工单的每一个考核数字（数分钟）
	@MINHU_HISTORIES=500 $(BIN)/python -m pytest tests/scoring/test_oracle.py $(PYTEST_ARGS)

bench: $(STAMP) ## 测量吞吐、延迟和每次操作的 CPU（ARGS="e --tickets 1000000"）
	@$(BIN)/python -m bench $(ARGS)

lock: $(STAMP) ## 改动依赖后重算 requirements.lock（LOCK_ARGS="--upgrade"）
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile pyproject.toml --quiet --output-file requirements.lock \
		--group pyproject.toml:build --group pyproject.toml:dev \
		--universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(LOCK_ARGS)

clean: ## 删除 .venv 和各种缓存（不动数据）
	rm -rf $(VENV) *.egg-info build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo '需要 Python 3.11 或更高版本，找到的是：'"$$($(PYTHON) --version 2>&1)"; \
		echo '请先安装，或指明位置，例如：make install PYTHON=/usr/bin/python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '这个 Python 缺少 venv 或 pip。Debian、Ubuntu 上请安装 python3-venv，'; \
		echo '或指明另一个 Python，例如：make install PYTHON=/usr/bin/python3.12'; exit 1; }
	@$(BIN)/python -c "$$USABLE" 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo '正在按 requirements.lock 安装依赖，依赖不变时只此一次……'
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation \
		--config-settings editable_mode=compat -e .
	@$(BIN)/python -c 'import sys; print(sys.prefix)' > $(STAMP)
