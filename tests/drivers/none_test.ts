import { CW_NONE } from "../../core/kinds.ts";
import { driverContract } from "../driver_contract.ts";

await driverContract(CW_NONE);
